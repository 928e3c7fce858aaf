"""Which submissions are nearly the same program: a list for a person, never a verdict.

A program is reduced to the kinds of its syntax tree's nodes, so that names, comments, layout and
order of functions say nothing. Runs of K nodes are hashed and winnowed to fingerprints (Schleimer,
Wilkerson and Aiken, 2003, "Winnowing"). What the stub, the examples, the reference or a known
misconception has is left out, and so is what much of the class has: that much is inevitable. The
rest is compared by Jaccard's index.
"""

from __future__ import annotations

import ast
import builtins
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from autograder.catalog import Kata

K, WINDOW = 10, 4
THRESHOLD = 0.8
FEWEST = 8
"""Fingerprints of its own that a submission needs to be compared at all."""
COMMON = 10
"""So many submissions (or a fifth of the class) may share a fingerprint; more, and it is common."""
GREATEST = 200_000
"""Characters of code beyond which a submission is not compared."""


@dataclass(frozen=True)
class Group:
    """Submissions each of which is nearly the same as another of the group."""

    names: tuple[str, ...]
    least: float
    most: float


def groups(
    kata: Kata, submissions: Mapping[str, Iterable[str]], threshold: float = THRESHOLD
) -> tuple[list[Group], int]:
    """Return the groups, the largest first, and how many submissions could be compared.

    Args:
        kata: whose stub, examples, reference and misconceptions make some likeness inevitable.
        submissions: the chunks of code of each, by its name.
        threshold: Jaccard's index from which two are told as alike.
    """
    inevitable: set[int] = set()
    for path in (kata.stub, kata.visible, kata.reference, kata.misconceptions):
        if path.is_file():
            inevitable |= fingerprints([path.read_text(encoding="utf-8")])
    own = {name: fingerprints(chunks) - inevitable for name, chunks in submissions.items()}
    counts = Counter(mark for marks in own.values() for mark in marks)
    limit = max(COMMON, len(own) // 5)
    common = {mark for mark, count in counts.items() if count > limit}
    rest = {name: marks - common for name, marks in own.items()}
    compared = {name: marks for name, marks in rest.items() if len(marks) >= FEWEST}
    return _grouped(compared, threshold), len(compared)


def fingerprints(chunks: Iterable[str]) -> frozenset[int]:
    """Return the winnowed fingerprints of chunks of code; what does not parse has none."""
    found: set[int] = set()
    for text in chunks:
        if len(text) > GREATEST:
            continue
        try:
            tokens = list(_tokens(ast.parse(text)))
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        marks = [
            zlib.crc32(" ".join(tokens[start : start + K]).encode())
            for start in range(len(tokens) - K + 1)
        ]
        found.update(
            min(marks[start : start + WINDOW])
            for start in range(max(len(marks) - WINDOW + 1, bool(marks)))
        )
    return frozenset(found)


def _tokens(node: ast.AST) -> Iterator[str]:
    """Yield the kinds of nodes, in order; what a library or Python names keeps its name."""
    match node:
        case ast.Import() | ast.ImportFrom() | ast.expr_context():
            return
        case ast.Expr(value=ast.Constant()):  # a docstring
            return
        case ast.Name(id=name):
            yield name if hasattr(builtins, name) else "Name"
        case ast.Attribute(attr=name, value=value):
            yield "Own" if isinstance(value, ast.Name) and value.id == "self" else name
        case ast.Constant(value=value):
            yield type(value).__name__
        case _:
            yield type(node).__name__
    for field, child in ast.iter_fields(node):
        if field in ("annotation", "returns", "type_comment", "decorator_list"):
            continue
        for item in child if isinstance(child, list) else [child]:
            if isinstance(item, ast.AST):
                yield from _tokens(item)


def _grouped(compared: Mapping[str, frozenset[int] | set[int]], threshold: float) -> list[Group]:
    same: defaultdict[frozenset[int], list[str]] = defaultdict(list)
    for name, marks in compared.items():
        same[frozenset(marks)].append(name)
    parent = {marks: marks for marks in same}

    def root(marks: frozenset[int]) -> frozenset[int]:
        while parent[marks] is not marks:
            marks = parent[marks]
        return marks

    links: list[tuple[frozenset[int], float]] = [(m, 1.0) for m, n in same.items() if len(n) > 1]
    for a, b in _candidates(same, threshold):
        likeness = len(a & b) / len(a | b)
        if likeness >= threshold:
            parent[root(a)] = root(b)
            links.append((a, likeness))
    members: defaultdict[frozenset[int], list[str]] = defaultdict(list)
    likenesses: defaultdict[frozenset[int], list[float]] = defaultdict(list)
    for marks, names in same.items():
        members[root(marks)] += names
    for marks, likeness in links:
        likenesses[root(marks)].append(likeness)
    found = [
        Group(tuple(sorted(names)), min(likenesses[key]), max(likenesses[key]))
        for key, names in members.items()
        if len(names) > 1
    ]
    return sorted(found, key=lambda group: (-len(group.names), -group.most, group.names))


def _candidates(
    same: Mapping[frozenset[int], object], threshold: float
) -> Iterator[tuple[frozenset[int], frozenset[int]]]:
    """Yield the pairs that share enough to be worth a look."""
    holders: defaultdict[int, list[frozenset[int]]] = defaultdict(list)
    for marks in same:
        for mark in marks:
            holders[mark].append(marks)
    shared: Counter[tuple[int, int]] = Counter()
    order = {id(marks): marks for marks in same}
    for those in holders.values():
        shared.update((id(a), id(b)) for a, b in combinations(those, 2))
    for (a, b), count in shared.items():
        if count >= threshold * max(len(order[a]), len(order[b])):
            yield order[a], order[b]
