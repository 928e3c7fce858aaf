"""Small wrong changes of a reference, to see whether a suite notices them.

A mutant is the reference with one thing changed: an operator, a constant, an axis, a statement
left out. `mutants` makes all of them from the syntax tree and writes each into the source, so that
the rest of the file keeps its text and its line numbers. A mutant that no test can tell from the
reference is listed, with the reason, in the kata's `equivalent.toml`.
"""

from __future__ import annotations

import ast
import difflib
import math
import re
import tomllib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

_Forced = Sequence[tuple[str, bool | None]]
_Root = tuple[ast.expr, str, _Forced]


@dataclass(frozen=True, slots=True)
class Mutant:
    """The reference with one change.

    `task` is the top-level function, class or constant that the change lies in (`<module>` for
    what else runs at import). `before` and `after` are the changed line, stripped.
    """

    task: str
    line: int
    before: str
    after: str
    operator: str
    source: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Equivalent:
    """An entry of `equivalent.toml`: a mutant that behaves like the reference, and why."""

    task: str
    before: str
    after: str
    reason: str


class EquivalentsError(ValueError):
    """An `equivalent.toml` that cannot be used; the text names the file and the field."""


def mutants(source: str, tasks: Collection[str]) -> list[Mutant]:
    """Make the mutants of all that `tasks` reach in the module `source`, in the order of lines.

    A helper or constant is reached when a task names it, directly or through another one. Nothing
    is changed in docstrings, annotations, decorators, imports, type aliases, dunder names, what is
    raised, messages of assertions, `if TYPE_CHECKING` and `if __name__ == "__main__"`.

    Raises:
        SyntaxError: if `source` is not Python.
    """
    module = ast.parse(source)
    text = _Text.of(source, module)
    edits = [
        (name, edit)
        for name, statement in _reached(module, tasks)
        for edit in _statement_edits(text, statement)
    ]
    edits.sort(key=lambda named: (text.line(named[1].first_change(source)), named[1].start))
    return [_mutant(text, name, edit) for name, edit in edits]


def load_equivalents(path: Path) -> list[Equivalent]:
    """Read `equivalent.toml`; a file that does not exist has no entries.

    Raises:
        EquivalentsError: if the file cannot be read, or an entry misses a field, has an empty,
            misspelled or ill-typed one, or is there twice.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EquivalentsError(f"{path}: {error}") from error
    for name in document:
        if name != "mutant":
            raise EquivalentsError(f"{path}: unknown field '{name}'; entries start with [[mutant]]")
    entries = document.get("mutant", [])
    if not isinstance(entries, list):
        raise EquivalentsError(f"{path}: 'mutant' is one table; write [[mutant]] for each entry")
    found: dict[tuple[str, str, str], Equivalent] = {}
    for number, entry in enumerate(entries, 1):
        equivalent = _equivalent(f"{path}: mutant {number}", entry)
        if _key(equivalent) in found:
            raise EquivalentsError(
                f"{path}: mutant {number}: 'before' and 'after' repeat an earlier entry"
            )
        found[_key(equivalent)] = equivalent
    return list(found.values())


def is_equivalent(mutant: Mutant, equivalents: Iterable[Equivalent]) -> bool:
    """Tell whether an entry lists `mutant`: the same task, line before and line after."""
    return any(_key(entry) == _key(mutant) for entry in equivalents)


def unused_equivalents(
    equivalents: Iterable[Equivalent], made: Iterable[Mutant]
) -> list[Equivalent]:
    """Return the entries that list no mutant `made`: the reference has changed since."""
    listed = {_key(mutant) for mutant in made}
    return [entry for entry in equivalents if _key(entry) not in listed]


def _key(listed: Mutant | Equivalent) -> tuple[str, str, str]:
    return listed.task, listed.before, listed.after


def _equivalent(where: str, entry: object) -> Equivalent:
    if not isinstance(entry, dict):
        raise EquivalentsError(f"{where}: is not a table; write [[mutant]] for each entry")
    names = [item.name for item in fields(Equivalent)]
    for name in entry:
        if name not in names:
            near = difflib.get_close_matches(name, names, 1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; expected {', '.join(names)}"
            raise EquivalentsError(f"{where}: unknown field '{name}'{hint}")
    values = {}
    for name in names:
        if name not in entry:
            raise EquivalentsError(f"{where}: '{name}' is missing")
        value = entry[name]
        if not isinstance(value, str):
            raise EquivalentsError(f"{where}: '{name}' is {value!r}; expected text")
        if not value.strip():
            raise EquivalentsError(f"{where}: '{name}' is empty")
        values[name] = value.strip()
    return Equivalent(**values)


# --- The source and what is written into it --------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Text:
    """A source with its positions, and the names that its module imports and binds."""

    source: str
    lines: list[str]
    starts: list[int]
    imported: frozenset[str]
    bound: frozenset[str]

    @classmethod
    def of(cls, source: str, tree: ast.AST) -> _Text:
        lines = source.split("\n")
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        imported, bound = set(), set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                imported |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound.add(node.id)
            elif isinstance(node, ast.arg):
                bound.add(node.arg)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                bound.add(node.name)
        return cls(source, lines, starts, frozenset(imported), frozenset(bound | imported))

    def inside(self, source: str, tree: ast.AST) -> _Text:
        """Return an expression's text of its own, which sees the same names."""
        inner = _Text.of(source, tree)
        return _Text(source, inner.lines, inner.starts, self.imported, self.bound)

    def start(self, node: ast.expr | ast.stmt) -> int:
        return self._offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt) -> int:
        if node.end_lineno is None or node.end_col_offset is None:
            raise ValueError("the node has no end: it was not parsed from a source")
        return self._offset(node.end_lineno, node.end_col_offset)

    def segment(self, node: ast.expr | ast.stmt) -> str:
        return self.source[self.start(node) : self.end(node)]

    def line(self, offset: int) -> int:
        return bisect_right(self.starts, offset)

    def _offset(self, line: int, column: int) -> int:
        written = self.lines[line - 1]
        if not written.isascii():
            column = len(written.encode()[:column].decode())
        return self.starts[line - 1] + column


class _Edit(NamedTuple):
    """Text to put in place of `start:end`; `stop` is where the whole expression ends."""

    operator: str
    start: int
    end: int
    written: str
    stop: int

    def first_change(self, source: str) -> int:
        old, new = source[self.start : self.end], self.written
        pairs = zip(old, new, strict=False)
        same = next((place for place, (one, other) in enumerate(pairs) if one != other), None)
        return self.start + (min(len(old), len(new)) if same is None else same)


class _Change(NamedTuple):
    """`new` in place of the expression `old`, and how that is written."""

    operator: str
    old: ast.expr
    new: ast.expr
    written: str


def _mutant(text: _Text, task: str, edit: _Edit) -> Mutant:
    source = text.source
    number = text.line(edit.first_change(source))
    begin = text.starts[number - 1]
    head, tail = source[: edit.start] + edit.written, source[edit.end :]
    lost = source.count("\n", edit.start, edit.end) - edit.written.count("\n")
    if lost > 0:
        tail = _padded(tail, edit.stop - edit.end, lost)
    mutated = head + tail
    after = mutated[begin:].split("\n", 1)[0]
    return Mutant(
        task, number, text.lines[number - 1].strip(), after.strip(), edit.operator, mutated
    )


def _padded(tail: str, stop: int, lost: int) -> str:
    """Add blank lines at the end of the line, so that the lines below keep their numbers."""
    end = tail.find("\n", stop)
    if end < 0 or re.search(r"[\"'\\]", tail[stop:end].split("#")[0]):
        return tail
    return tail[:end] + "\n" * lost + tail[end:]


def _shape(node: Any, old: ast.expr | None = None, new: ast.expr | None = None) -> Any:
    """Return what `ast.dump` shows, less the contexts, with `new` in place of `old`."""
    if node is old and old is not None:
        node, old = new, None
    if isinstance(node, ast.Constant):
        return type(node.value), repr(node.value)
    if isinstance(node, ast.AST):
        return (
            type(node),
            *[
                _shape(getattr(node, name, None), old, new)
                for name in node._fields
                if name != "ctx"
            ],
        )
    if isinstance(node, list):
        return tuple([_shape(item, old, new) for item in node])
    return node


def _expression_edits(
    text: _Text, root: ast.expr, role: str, forced: _Forced, never: ast.expr | None = None
) -> Iterator[_Edit]:
    """Change a whole expression: first to the `forced` values, then within, not to `never`."""
    constants = [
        _Change(operator, root, ast.Constant(value), repr(value)) for operator, value in forced
    ]
    seen = {_shape(root), _shape(never)}
    start, stop = text.start(root), text.end(root)
    for change in [*constants, *_changes(text, root, role)]:
        shape = _shape(root, change.old, change.new)
        if shape in seen:
            continue
        seen.add(shape)
        begin, end = text.start(change.old), text.end(change.old)
        before, after = text.source[start:begin], text.source[end:stop]
        for written in _writings(change):
            if _parses_to(before + written + after, shape):
                yield _Edit(change.operator, begin, end, written, stop)
                break


def _writings(change: _Change) -> Iterator[str]:
    yield change.written
    yield f"({change.written})"
    try:
        yield f"({ast.unparse(change.new)})"
    except ValueError:  # a backslash within the braces of an f-string, before Python 3.12
        return


def _parses_to(written: str, shape: object) -> bool:
    try:
        return bool(_shape(ast.parse(f"({written}\n)", mode="eval").body) == shape)
    except SyntaxError:
        return False


# --- Which statements ------------------------------------------------------------------------


def _reached(module: ast.Module, tasks: Collection[str]) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the top-level statements that `tasks` depend on, each with its name."""
    named = [(_names(inner), inner) for inner in _top_level(module.body)]
    uses: dict[str, set[str]] = {}
    for names, statement in named:
        used = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        for name in names:
            uses.setdefault(name, set()).update(used)
    reached: set[str] = set()
    waiting = [*tasks, "<module>"]
    while waiting:
        name = waiting.pop()
        if name in uses and name not in reached:
            reached.add(name)
            waiting.extend(uses[name])
    for names, statement in named:
        hit = [name for name in names if name in reached]
        if hit and not _is_type_alias(names, statement):
            yield hit[0], statement


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.If):
            if not _is_guard(statement):
                yield from _top_level([*statement.body, *statement.orelse])
        elif isinstance(statement, ast.Try):
            handled = [inner for handler in statement.handlers for inner in handler.body]
            yield from _top_level([*statement.body, *handled, *statement.orelse])
        else:
            yield statement


def _names(statement: ast.stmt) -> list[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    names = []
    for target in _targets(statement):
        names += [node.id for node in ast.walk(target) if isinstance(node, ast.Name)]
    return names or ["<module>"]


def _targets(statement: ast.stmt) -> list[ast.expr]:
    if isinstance(statement, ast.Assign):
        return statement.targets
    if isinstance(statement, ast.AnnAssign | ast.AugAssign):
        return [statement.target]
    return []


def _is_type_alias(names: Sequence[str], statement: ast.stmt) -> bool:
    """Tell an alias, `TypeVar` or `NewType` by its name: `Vector`, `T`, never `EPSILON`."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    name = names[0].lstrip("_")
    return name[:1].isupper() and (not name.isupper() or len(name) == 1)


def _is_guard(statement: ast.If) -> bool:
    names = {
        node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")
        for node in ast.walk(statement.test)
    }
    return bool(names & {"TYPE_CHECKING", "__name__"})


def _statement_edits(text: _Text, statement: ast.stmt) -> Iterator[_Edit]:
    if isinstance(statement, ast.If) and _is_guard(statement):
        return
    if any(name.startswith("__") for name in _names(statement) if _targets(statement)):
        return
    never = None
    if operator := _dropped_as(statement):
        end = text.end(statement)
        yield _Edit(operator, text.start(statement), end, "pass", end)
        never = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(statement, ast.AugAssign):
        yield from _augmented(text, statement)
    for root, role, forced in _roots(statement):
        yield from _expression_edits(text, root, role, forced, never)
    for inner in _bodies(statement):
        yield from _statement_edits(text, inner)


def _bodies(statement: ast.stmt) -> Iterator[ast.stmt]:
    for name in ("body", "handlers", "cases", "orelse", "finalbody"):
        for inner in getattr(statement, name, []):
            if isinstance(inner, ast.stmt):
                yield inner
            else:
                yield from inner.body


def _dropped_as(statement: ast.stmt) -> str | None:
    """Name the operator that leaves `statement` out, None if it stays."""
    match statement:
        case ast.Expr(value=ast.Constant()):
            return None
        case ast.Raise():
            return "raise"
        case ast.Continue() | ast.Break():
            return "loop"
        case ast.Expr() | ast.AugAssign():
            return "statement"
        case ast.Delete(targets=targets) | ast.Assign(targets=targets) if all(
            isinstance(target, ast.Subscript | ast.Attribute) for target in targets
        ):
            return "statement"
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if any(
            isinstance(node, ast.Name) and node.id == name for node in ast.walk(value)
        ):
            return "statement"
    return None


def _roots(statement: ast.stmt) -> Iterator[_Root]:
    """Yield the expressions of a statement, each with its role and what it is forced to be."""
    match statement:
        case ast.FunctionDef(args=signature) | ast.AsyncFunctionDef(args=signature):
            for default in [*signature.defaults, *signature.kw_defaults]:
                if default is not None:
                    yield default, "mode", ()
        case ast.If(test=test):
            yield test, "", _conditions(statement)
        case ast.While(test=test):
            yield test, "", [("condition", False)]
        case ast.For(iter=value) | ast.AsyncFor(iter=value):
            yield value, "", ()
        case ast.With(items=items) | ast.AsyncWith(items=items):
            for item in items:
                yield item.context_expr, "", ()
        case ast.Match(subject=subject, cases=cases):
            yield subject, "", ()
            for case in cases:
                yield from _case_roots(case)
        case ast.Return(value=ast.expr() as value):
            yield value, "", [("return", None)]
        case ast.Assert(test=test):
            yield test, "", ()
        case ast.Delete(targets=targets):
            for target in targets:
                yield target, "", ()
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() if statement.value is not None:
            for target in _targets(statement):
                yield target, "", ()
            yield statement.value, "", ()
        case ast.Expr(value=value) if not isinstance(value, ast.Constant):
            yield value, "", ()


def _case_roots(case: ast.match_case) -> Iterator[_Root]:
    for node in ast.walk(case.pattern):
        if isinstance(node, ast.MatchValue):
            yield node.value, "compared", ()
        elif isinstance(node, ast.MatchMapping):
            for key in node.keys:
                yield key, "key", ()
    if case.guard is not None:
        yield case.guard, "", [("condition", True), ("condition", False)]


def _conditions(statement: ast.If) -> _Forced:
    """Force a condition both ways, but for False where leaving out the one statement does it."""
    one = len(statement.body) == 1 and not statement.orelse
    if one and _dropped_as(statement.body[0]) is not None:
        return [("condition", True)]
    return [("condition", True), ("condition", False)]


def _augmented(text: _Text, statement: ast.AugAssign) -> Iterator[_Edit]:
    start, stop = text.end(statement.target), text.start(statement.value)
    token, others = _ARITHMETIC[type(statement.op)]
    found = re.compile(_BETWEEN + re.escape(token + "=")).match(text.source, start, stop)
    if found is None:
        return
    for other in [*[_ARITHMETIC[kind][0] for kind in others], ""]:
        written = f"{other}="
        begin = found.end() - len(token) - 1
        yield _Edit("arithmetic", begin, found.end(), written, text.end(statement))


# --- Which changes within an expression ------------------------------------------------------
# A role says what an expression is used as: "compared", a "key" or index, the "size" that an index
# takes from a shape, a "mode" (a keyword argument or default), an "axis", or "" for anything else.
# It decides what becomes of a constant.

_BETWEEN = r"(?:[\s)\\]|#[^\n]*\n)*"  # what may stand between an operand and its operator

_ARITHMETIC: dict[type[ast.operator], tuple[str, list[type[ast.operator]]]] = {
    ast.Add: ("+", [ast.Sub]),
    ast.Sub: ("-", [ast.Add]),
    ast.Mult: ("*", [ast.Div]),
    ast.Div: ("/", [ast.Mult]),
    ast.FloorDiv: ("//", [ast.Div, ast.Mult]),
    ast.Mod: ("%", [ast.FloorDiv]),
    ast.Pow: ("**", [ast.Mult]),
    ast.MatMult: ("@", [ast.Mult]),
    ast.LShift: ("<<", [ast.RShift]),
    ast.RShift: (">>", [ast.LShift]),
    ast.BitAnd: ("&", [ast.BitOr]),
    ast.BitOr: ("|", [ast.BitAnd]),
    ast.BitXor: ("^", [ast.BitOr]),
}

_COMPARISONS: dict[type[ast.cmpop], tuple[str, list[type[ast.cmpop]]]] = {
    ast.Lt: ("<", [ast.LtE, ast.Gt]),
    ast.LtE: ("<=", [ast.Lt]),
    ast.Gt: (">", [ast.GtE, ast.Lt]),
    ast.GtE: (">=", [ast.Gt]),
    ast.Eq: ("==", [ast.NotEq]),
    ast.NotEq: ("!=", [ast.Eq]),
    ast.Is: ("is", [ast.IsNot]),
    ast.IsNot: ("is not", [ast.Is]),
    ast.In: ("in", [ast.NotIn]),
    ast.NotIn: ("not in", [ast.In]),
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _both_ways(*pairs: tuple[str, str]) -> dict[str, str]:
    return {one: other for pair in pairs for one, other in (pair, pair[::-1])}


_BUILTIN_TWINS = {**_both_ways(("min", "max"), ("any", "all")), "sum": "max"}

_METHOD_TWINS = {
    **_both_ways(
        ("min", "max"),
        ("amin", "amax"),
        ("argmin", "argmax"),
        ("minimum", "maximum"),
        ("nsmallest", "nlargest"),
        ("any", "all"),
        ("sum", "mean"),
        ("std", "var"),
        ("ceil", "floor"),
        ("sin", "cos"),
        ("tril", "triu"),
        ("zeros", "ones"),
        ("zeros_like", "ones_like"),
        ("logical_and", "logical_or"),
        ("union", "intersection"),
        ("bisect_left", "bisect_right"),
        ("startswith", "endswith"),
        ("lstrip", "rstrip"),
        ("lower", "upper"),
        ("log", "log2"),
    ),
    "popleft": "pop",
    "appendleft": "append",
    "log10": "log",
    "log1p": "log",
    "expm1": "exp",
    "prod": "sum",
    "cumsum": "cumprod",
    "logsumexp": "sum",
    "log_softmax": "softmax",
}

_TEXT_TWINS = _both_ways(("sum", "mean"), ("ij", "xy"), ("left", "right"), ("min", "max"))

_WRAPPERS = _words(
    "sqrt rsqrt abs fabs exp exp2 round sorted set reversed clamp clamp_min clamp_max clip relu "
    "sigmoid tanh normalize masked_fill nan_to_num clone copy deepcopy detach strip flip"
)

_SYMMETRIC = _words(
    "min max minimum maximum isclose allclose equal array_equal gcd lcm add mul multiply dot hypot "
    "logaddexp logical_and logical_or logical_xor transpose swapaxes"
)
_FIRST_IS_OF_ANOTHER_KIND = _words(
    "isinstance issubclass getattr setattr hasattr cast enumerate map filter reduce partial print "
    "where einsum masked_fill"
)

_AXIS_KEYWORDS = _words("dim dims axis axes dim0 dim1 start_dim end_dim")
_AXIS_METHODS = _words(
    "softmax log_softmax logsumexp unsqueeze squeeze expand_dims sum mean std var prod any all "
    "amin amax argmin argmax cumsum cumprod argsort sort transpose swapaxes permute movedim flip "
    "flatten unbind size cat concat concatenate stack gather index_select take_along_axis"
)
_TEXT_METHODS = _words(
    "get pop setdefault startswith endswith split rsplit partition rpartition find rfind index "
    "count replace removeprefix removesuffix strip lstrip rstrip"
)


def _changes(text: _Text, node: ast.expr, role: str) -> Iterator[_Change]:
    match node:
        case ast.Constant():
            yield from _constant(node, node, node.value, role)
        case ast.BinOp():
            yield from _arithmetic(text, node)
        case ast.Compare():
            yield from _comparison(text, node)
        case ast.BoolOp():
            yield from _boolean(text, node)
        case ast.UnaryOp():
            yield from _unary(text, node, role)
        case ast.Call():
            yield from _call(text, node)
        case ast.Name():
            yield from _builtin(text, node)
        case ast.Attribute():
            yield from _attribute(text, node)
        case ast.Slice():
            yield from _slice(text, node)
        case ast.IfExp(test=test):
            yield _Change("condition", test, ast.Constant(True), "True")
            yield _Change("condition", test, ast.Constant(False), "False")
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            for test in [test for generator in node.generators for test in generator.ifs]:
                yield _Change("condition", test, ast.Constant(True), "True")
        case ast.JoinedStr():
            yield from _formatted(text, node)
    for child, child_role in _children(node, role):
        yield from _changes(text, child, child_role)


def _children(node: ast.expr, role: str) -> Iterator[tuple[ast.expr, str]]:
    match node:
        case ast.JoinedStr() | ast.Constant():
            return
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int())):
            return
        case ast.UnaryOp(op=ast.USub(), operand=ast.Attribute(attr="inf")):
            return
        case ast.Call():
            yield from _call_children(node)
        case ast.Lambda(body=body):
            yield body, ""
        case ast.Subscript(value=value, slice=index):
            yield value, ""
            yield (
                index,
                "size" if isinstance(value, ast.Attribute) and value.attr == "shape" else "key",
            )
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if key is not None:
                    yield key, "key"
                yield value, ""
        case ast.Compare(left=left, comparators=others):
            for child in [left, *others]:
                yield child, "compared"
        case _:
            kept = role if isinstance(node, ast.Tuple | ast.List | ast.Set) else ""
            for part in ast.iter_child_nodes(node):
                if isinstance(part, ast.expr):
                    yield part, kept
                elif isinstance(part, ast.comprehension):
                    for clause in [part.iter, *part.ifs]:
                        yield clause, ""


def _call_children(node: ast.Call) -> Iterator[tuple[ast.expr, str]]:
    name = _called(node)
    method = isinstance(node.func, ast.Attribute)
    if name == "join" and isinstance(node.func, ast.Attribute):
        yield node.func.value, "key"
    else:
        yield node.func, ""
    role = ""
    if method and name in _AXIS_METHODS:
        role = "axis"
    elif method and name in _TEXT_METHODS:
        role = "key"
    arguments = node.args
    if name in {"isinstance", "issubclass"}:
        arguments = arguments[:1]
    elif name == "cast":
        arguments = arguments[1:]
    for argument in arguments:
        yield argument, role
    for keyword in node.keywords:
        yield keyword.value, "axis" if keyword.arg in _AXIS_KEYWORDS else "mode"


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _retokened(
    text: _Text, node: ast.expr, operands: Sequence[ast.expr], old: str, new: str
) -> str | None:
    """Write `node` with the operator between each two neighbours of `operands` replaced."""
    pattern = re.compile(f"({_BETWEEN}){re.escape(old)}".replace(r"\ ", r"\s+"))
    pieces, last = [], text.start(node)
    for left, right in pairwise(operands):
        found = pattern.match(text.source, text.end(left), text.start(right))
        if found is None:
            return None
        pieces += [text.source[last : found.end(1)], new]
        last = found.end()
    return "".join([*pieces, text.source[last : text.end(node)]])


def _arithmetic(text: _Text, node: ast.BinOp) -> Iterator[_Change]:
    token, others = _ARITHMETIC[type(node.op)]
    for kind in others:
        new = ast.BinOp(node.left, kind(), node.right)
        written = _retokened(text, node, [node.left, node.right], token, _ARITHMETIC[kind][0])
        yield _Change("arithmetic", node, new, written or ast.unparse(new))


def _comparison(text: _Text, node: ast.Compare) -> Iterator[_Change]:
    operands = [node.left, *node.comparators]
    for place, operation in enumerate(node.ops):
        token, others = _COMPARISONS[type(operation)]
        for kind in others:
            ops = [*node.ops[:place], kind(), *node.ops[place + 1 :]]
            new = ast.Compare(node.left, ops, node.comparators)
            pair = operands[place : place + 2]
            written = _retokened(text, node, pair, token, _COMPARISONS[kind][0])
            yield _Change("comparison", node, new, written or ast.unparse(new))


def _boolean(text: _Text, node: ast.BoolOp) -> Iterator[_Change]:
    conjunction = isinstance(node.op, ast.And)
    old, other = ("and", "or") if conjunction else ("or", "and")
    new = ast.BoolOp(ast.Or() if conjunction else ast.And(), node.values)
    written = _retokened(text, node, node.values, old, other)
    yield _Change("boolean", node, new, written or ast.unparse(new))


def _unary(text: _Text, node: ast.UnaryOp, role: str) -> Iterator[_Change]:
    operand = node.operand
    if isinstance(node.op, ast.USub) and isinstance(operand, ast.Constant):
        value = operand.value
        if isinstance(value, int) and not isinstance(value, bool):
            yield from _constant(node, node, -value, role)
            return
    token = {ast.Not: "not", ast.USub: "-", ast.Invert: "~", ast.UAdd: "+"}[type(node.op)]
    operator = "boolean" if token == "not" else "sign"
    if token != "+":
        yield _Change(operator, node, operand, text.segment(node)[len(token) :].lstrip())


def _constant(node: ast.expr, old: ast.expr, value: object, role: str) -> Iterator[_Change]:
    """Replace a constant; `node` is the constant, or the minus before it."""
    operator = "axis" if role == "axis" else "constant"
    for other in _neighbours(value, role):
        new: ast.expr = ast.Constant(other)
        if isinstance(other, int | float) and other < 0:
            new = ast.UnaryOp(ast.USub(), ast.Constant(-other))
        written = f'"{other}"' if isinstance(other, str) else repr(other)
        yield _Change("text" if isinstance(other, str) else operator, old, new, written)


def _neighbours(value: object, role: str) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return _integers(value, role)
    if isinstance(value, float):
        return _floats(value)
    if isinstance(value, str) and role in {"compared", "key", "mode"}:
        return [_TEXT_TWINS.get(value, "" if value else "?")]
    return []


def _integers(value: int, role: str) -> list[int]:
    if role == "axis":
        axes = {0: [1, -1], -1: [0, -2], 1: [0, 2], -2: [-1, 0]}
        return axes.get(value, [value - 1, 0])
    if role == "size":
        return [{0: 1, -1: -2, -2: -1}.get(value, value - 1)]
    if value == 0:
        return [1]
    if abs(value) > 1000:  # one more or less would be lost in the tolerance
        return [value * 2, value // 2]
    return [value + 1, value - 1]


def _floats(value: float) -> list[float]:
    if value == 0 or math.isinf(value):
        return [1.0]
    if value < 1e-4:  # an epsilon: none at all, or one that shows
        return [0.0, 1.0]
    if value > 1e6:  # stands for infinity, as double of it does
        return [1.0]
    return [value * 2, value / 2]


def _call(text: _Text, node: ast.Call) -> Iterator[_Change]:
    name = _called(node)
    if name == "float" and [getattr(item, "value", None) for item in node.args] in (
        ["inf"],
        ["-inf"],
    ):
        opposite = "inf" if "-" in text.segment(node) else "-inf"
        new = ast.Call(node.func, [ast.Constant(opposite)], [])
        yield _Change("sign", node, new, f'float("{opposite}")')
    if name in _WRAPPERS and (inner := _wrapped(text, node)) is not None:
        yield _Change("call", node, inner, text.segment(inner))
    if name not in _SYMMETRIC:
        yield from _swapped(text, node, 1 if name in {"where", "einsum"} else 0)


def _wrapped(text: _Text, node: ast.Call) -> ast.expr | None:
    """Return x of f(x), `module.f(x)` and `x.f()`."""
    if isinstance(node.func, ast.Attribute):
        holder = node.func.value
        while isinstance(holder, ast.Attribute):
            holder = holder.value
        if not (isinstance(holder, ast.Name) and holder.id in text.imported):
            return node.func.value
    first = node.args[0] if node.args else None
    return None if isinstance(first, ast.Starred) else first


def _swapped(text: _Text, node: ast.Call, first: int) -> Iterator[_Change]:
    if _called(node) in _FIRST_IS_OF_ANOTHER_KIND and first == 0:
        return
    pair = node.args[first : first + 2]
    if len(pair) < 2 or any(isinstance(item, ast.Starred) for item in pair):
        return
    arguments = [*node.args[:first], pair[1], pair[0], *node.args[first + 2 :]]
    new = ast.Call(node.func, arguments, node.keywords)
    source = text.source
    written = "".join(
        [
            source[text.start(node) : text.start(pair[0])],
            text.segment(pair[1]),
            source[text.end(pair[0]) : text.start(pair[1])],
            text.segment(pair[0]),
            source[text.end(pair[1]) : text.end(node)],
        ]
    )
    yield _Change("arguments", node, new, written)


def _builtin(text: _Text, node: ast.Name) -> Iterator[_Change]:
    if node.id in _BUILTIN_TWINS and node.id not in text.bound and isinstance(node.ctx, ast.Load):
        twin = _BUILTIN_TWINS[node.id]
        yield _Change("function", node, ast.Name(twin, ast.Load()), twin)


def _attribute(text: _Text, node: ast.Attribute) -> Iterator[_Change]:
    if node.attr in {"T", "mT"}:
        yield _Change("call", node, node.value, text.segment(node.value))
    elif node.attr == "inf":
        yield _Change("sign", node, ast.UnaryOp(ast.USub(), node), f"-{text.segment(node)}")
    elif node.attr in _METHOD_TWINS and isinstance(node.ctx, ast.Load):
        twin = _METHOD_TWINS[node.attr]
        written = text.segment(node).removesuffix(node.attr) + twin
        yield _Change("function", node, ast.Attribute(node.value, twin, ast.Load()), written)


def _slice(text: _Text, node: ast.Slice) -> Iterator[_Change]:
    parts = [node.lower, node.upper, node.step]
    for place, part in enumerate(parts):
        if part is None or (place == 0 and isinstance(part, ast.Constant) and part.value in (0, 1)):
            continue  # a lower bound of 1 becomes 0 as a constant
        kept = [*parts[:place], None, *parts[place + 1 :]]
        written = [text.segment(item) if item else "" for item in kept]
        joined = ":".join(written if kept[2] else written[:2])
        yield _Change("slice", node, ast.Slice(*kept), joined)


def _formatted(text: _Text, node: ast.JoinedStr) -> Iterator[_Change]:
    """Change what stands in the braces of an f-string, whose positions Python 3.11 gets wrong."""
    segment = text.segment(node)
    for place, part in enumerate(node.values):
        if not isinstance(part, ast.FormattedValue):
            continue
        source = ast.unparse(part.value)
        tree = ast.parse(source, mode="eval").body
        inside = text.inside(source, tree)
        for edit in _expression_edits(inside, tree, "", ()):
            changed = source[: edit.start] + edit.written + source[edit.end :]
            value = ast.parse(changed, mode="eval").body
            changed = ast.unparse(value)  # its quotes are the single ones
            new = ast.FormattedValue(value, part.conversion, part.format_spec)
            joined = ast.JoinedStr([*node.values[:place], new, *node.values[place + 1 :]])
            written = segment.replace("{" + source, "{" + changed, 1)
            yield _Change(edit.operator, node, joined, written)
