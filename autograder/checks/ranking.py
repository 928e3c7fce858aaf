"""Check orders: rankings, with or without scores, and permutations."""

from __future__ import annotations

from collections import Counter

from autograder.checks.arrays import readable
from autograder.checks.closeness import as_list
from autograder.checks.failure import CheckFailed
from autograder.checks.refusal import refuse
from autograder.checks.tolerance import numbers_close, tolerance_for
from autograder.checks.values import (
    as_numpy,
    dtype_name,
    family,
    key_of,
    plain,
    shape_of,
    unwrapped,
)
from autograder.checks.wording import at, listed, number, plural, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

__tracebackhide__ = True


def assert_ranking(
    actual: object,
    expected: Sequence[Any],
    *,
    scores: Mapping[Any, float] | Sequence[float] | None = None,
    tolerance: float = 1e-9,
    name: str = "result",
) -> None:
    """Check the order of a list of ids, or of a scored list of (id, score) pairs.

    Neighbours in `expected` whose scores differ by less than `tolerance` (relative) may stand in
    any order. The scores are those of the expected pairs, or `scores`: by id, or one an expected
    id. By id they may cover more ids than `expected` holds, of which one that is tied with the last
    may stand for it. Pairs are compared by score too.

    Raises:
        CheckFailed: names the ids that are missing, too many or out of place, or a wrong score.
    """
    ids = {key_of(one) for one in scores} if isinstance(scores, dict) else set()
    wanted = _read(expected, expected, name, ids)
    given = _read(actual, expected, name, ids)
    mixed = wanted.scored != given.scored and (wanted.scored or scores is None)
    if mixed and given.ids and wanted.ids:
        _refuse_pairs(actual, expected, wanted.scored, name)
    known = _known_scores(wanted, scores)
    _require_ids(given, wanted, known, tolerance, actual, expected, name)
    if given.scored:
        _require_scores(given, known, tolerance, actual, expected, name)
    _require_order(given, wanted, known, tolerance, actual, expected, name)


class _Ranking:
    """Ids in their order, with their keys and, in a scored list, their scores."""

    def __init__(self, ids: list[Any], scores: list[Any] | None) -> None:
        self.ids = ids
        self.keys = [key_of(one) for one in ids]
        self.scored = scores is not None
        self.scores = dict(zip(self.keys, scores, strict=True)) if scores is not None else {}


def _read(value: Any, expected: object, name: str, known: set[Any]) -> _Ranking:
    """Read a list of ids, or of pairs; a pair that is a known id is an id."""
    if family(value) in ("array", "tensor") and len(shape_of(value)) == 1:
        value = readable(value, name).tolist()
    if family(value) != "sequence":
        refuse(value, expected, name, wanted="a list of ids")
    entries = as_list(value)
    pairs = all(_is_pair(entry) and key_of(entry) not in known for entry in entries)
    if entries and pairs:
        return _Ranking([pair[0] for pair in entries], [unwrapped(pair[1]) for pair in entries])
    for index, entry in enumerate(entries):
        if family(entry) in ("none", "dict", "set", "array", "tensor", "other"):
            refuse(entry, entry, at(name, index), wanted="an id")
    return _Ranking(entries, None)


def _is_pair(entry: Any) -> bool:
    return (
        isinstance(entry, tuple | list)
        and len(entry) == 2
        and family(unwrapped(entry[1])) in ("int", "float")
    )


def _refuse_pairs(actual: object, expected: object, scored: bool, name: str) -> None:
    words = ("(id, score) pairs", "ids")
    given, wanted = words[::-1] if scored else words
    message = (
        f"{name} does not hold {wanted}" if scored else f"{name} holds {given}, expected {wanted}"
    )
    message += f": it starts with {show(as_list(actual)[0], 60)}"
    raise CheckFailed(message, actual=actual, expected=expected, kind="type", name=name)


def _known_scores(wanted: _Ranking, scores: Any) -> dict[Any, Any]:
    known = dict(wanted.scores)
    if scores is None:
        return known
    if family(scores) == "dict":
        known.update((key_of(one), unwrapped(score)) for one, score in scores.items())
    else:
        known.update(zip(wanted.keys, as_list(scores), strict=True))
    return known


def _tied(first: Any, second: Any, tolerance: float) -> bool:
    """Return whether two scores differ by less than the tolerance, relative to the larger."""
    a, b = float(first), float(second)
    return a == b if tolerance == 0 else a == b or abs(a - b) < tolerance * max(abs(a), abs(b))


def _require_ids(
    given: _Ranking,
    wanted: _Ranking,
    known: dict[Any, Any],
    tolerance: float,
    actual: object,
    expected: object,
    name: str,
) -> None:
    counts = Counter(given.keys)
    spare = Counter(wanted.keys)
    repeats = [
        one
        for one, key in zip(given.ids, given.keys, strict=True)
        if counts[key] > max(1, spare[key])
    ]
    last = wanted.keys[-1] if wanted.keys else None

    def may_stand_last(key: Any) -> bool:
        return key in known and last in known and _tied(known[key], known[last], tolerance)

    extra = [one for one, key in zip(given.ids, given.keys, strict=True) if key not in spare]
    missing = [one for one, key in zip(wanted.ids, wanted.keys, strict=True) if key not in counts]
    exchanged = (
        len(extra) == len(missing)
        and all(may_stand_last(key_of(one)) for one in extra)
        and all(may_stand_last(key_of(one)) for one in missing)
    )
    parts = []
    if repeats:
        places = [str(i) for i, key in enumerate(given.keys) if key == key_of(repeats[0])]
        parts.append(
            f"holds {show(repeats[0], 40)} {counts[key_of(repeats[0])]} times, at"
            f" {', '.join(places[:4])}"
        )
    if missing and not exchanged:
        parts.append(f"lacks {listed(missing)}")
    if extra and not exchanged:
        parts.append(f"has {listed(extra)}, which {'does' if len(extra) == 1 else 'do'} not belong")
    if not parts and len(given.keys) != len(wanted.keys):
        parts.append(f"has {plural(len(given.keys), 'element')}, expected {len(wanted.keys)}")
    if parts:
        message = f"{name} {' and '.join(parts)}{_orders(given, wanted)}"
        raise CheckFailed(message, actual=actual, expected=expected, kind="ranking", name=name)


def _require_scores(
    given: _Ranking,
    known: dict[Any, Any],
    tolerance: float,
    actual: object,
    expected: object,
    name: str,
) -> None:
    wrong = []
    for one, key in zip(given.ids, given.keys, strict=True):
        score, right = given.scores[key], known.get(key)
        if right is None:
            continue
        allowed = tolerance_for((dtype_name(score), dtype_name(right)))
        allowed.relative = max(allowed.relative, tolerance)
        if not numbers_close(plain(score), plain(right), allowed, equal_nan=False):
            wrong.append((one, score, right))
    if not wrong:
        return
    one, score, right = wrong[0]
    digits = next((d for d in range(5, 17) if number(score, d) != number(right, d)), 17)
    message = f"the score of {show(one, 40)} in {name} is {number(score, digits)},"
    message += f" expected {number(right, digits)}"
    if len(given.ids) > 1:
        total = len(given.ids)
        many = f"all {total}" if len(wrong) == total else f"{len(wrong)} of {total}"
        message += f" ({many} scores differ)"
    factor = _common_factor(wrong) if len(wrong) == len(given.ids) else None
    if factor is not None:
        message += f"\nevery score is {factor:#.3g} times the expected one"
    message += _orders(given, _Ranking(list(given.ids), [known.get(key) for key in given.keys]))
    raise CheckFailed(message, actual=actual, expected=expected, kind="ranking", name=name)


def _common_factor(wrong: list[tuple[Any, Any, Any]]) -> float | None:
    pairs = [(float(score), float(right)) for _, score, right in wrong]
    if len({round(right, 12) for _, right in pairs}) < 2 or any(not right for _, right in pairs):
        return None
    ratios = [score / right for score, right in pairs]
    same = all(abs(ratio - ratios[0]) <= 1e-6 * abs(ratios[0]) for ratio in ratios)
    return ratios[0] if same and ratios[0] and f"{ratios[0]:.3g}" != "1" else None


def _require_order(
    given: _Ranking,
    wanted: _Ranking,
    known: dict[Any, Any],
    tolerance: float,
    actual: object,
    expected: object,
    name: str,
) -> None:
    groups = [0] * len(wanted.keys)
    for index in range(1, len(groups)):
        pair = [known.get(key) for key in wanted.keys[index - 1 : index + 1]]
        tie = None not in pair and _tied(pair[0], pair[1], tolerance)
        groups[index] = groups[index - 1] + (not tie)
    allowed: dict[int, set[Any]] = {}
    for key, group in zip(wanted.keys, groups, strict=True):
        allowed.setdefault(group, set()).add(key)
    for index, key in enumerate(given.keys):
        # An id that is not expected got past _require_ids: it is tied with the last one.
        if key in allowed[groups[index]] or (
            key not in wanted.keys and groups[index] == groups[-1]
        ):
            continue
        right = [
            one for one, group in zip(wanted.ids, groups, strict=True) if group == groups[index]
        ]
        message = f"{at(name, index)} is {show(given.ids[index], 40)}, expected "
        message += listed(right, joint=" or ") + (" (tied)" if len(right) > 1 else "")
        message += _orders(given, wanted)
        if given.keys == wanted.keys[::-1]:
            message += "\nthe right order, reversed"
        raise CheckFailed(message, actual=actual, expected=expected, kind="ranking", name=name)


def _orders(given: _Ranking, wanted: _Ranking) -> str:
    lines = []
    for title, ranking in (("given", given), ("expected", wanted)):
        parts = [
            show(one, 30) + (f" {number(ranking.scores[key], 5)}" if ranking.scored else "")
            for one, key in zip(ranking.ids[:12], ranking.keys[:12], strict=True)
        ]
        line = f"\n  {title:8}  {', '.join(parts) or 'nothing'}"
        more = ", …" if len(ranking.ids) > 12 else ""
        while len(line + more) > 100:
            line, more = line.rpartition(", ")[0], ", …"
        lines.append(line + more)
    return "".join(lines)


def assert_permutation(actual: object, of: Any, *, name: str = "result") -> None:
    """Check that a result holds each element of `of` as often as `of` does, in any order.

    Raises:
        CheckFailed: names what is missing and what is too many.
    """
    held: list[Any] = [actual, of]
    if family(actual) in ("array", "tensor"):
        held[0] = readable(actual, name).tolist()
    if family(of) in ("array", "tensor"):
        held[1] = as_numpy(of).tolist()
    if family(held[0]) not in ("sequence", "set"):
        refuse(actual, of, name, wanted="a list")
    given, wanted = as_list(held[0]), as_list(held[1])
    counts, right = Counter(map(key_of, given)), Counter(map(key_of, wanted))
    if counts == right:
        return
    parts = []
    for word, ours, theirs, values in (
        ("lacks", right, counts, wanted),
        ("has too often or wrongly", counts, right, given),
    ):
        odd = {
            key_of(value): value for value in values if ours[key_of(value)] > theirs[key_of(value)]
        }
        if odd:
            parts.append(f"{word} {listed(odd.values())}")
    message = f"{name} is no permutation of the expected elements: it {' and '.join(parts)}"
    raise CheckFailed(message, actual=actual, expected=of, kind="permutation", name=name)
