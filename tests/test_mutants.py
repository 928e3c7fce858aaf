"""Mutants: what is changed, how it is written, and the list of those that cannot be told apart."""

import ast
import contextlib
import heapq
import inspect
import textwrap
import time
from dataclasses import replace

import pytest

from autograder.suite.mutants import (
    Equivalent,
    EquivalentsError,
    Mutant,
    is_equivalent,
    load_equivalents,
    mutants,
    unused_equivalents,
)

KATA = '''"""A reference: √d, 3 < 4."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    LIMIT = 3

__all__ = ["attention", "Cache"]
EPSILON = 1e-6
Vector = list[float] | None
_UNUSED = 3


def attention(query, key, value, mask: Bool["queries keys"] | None = None):
    """Attend, 3 < 4."""
    if query.shape[-1] != key.shape[-1]:
        raise ValueError(
            f"query has {query.shape[-1] + 1} columns, not {key.shape[-1]}"
        )
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # √d
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    weights = torch.softmax(
        scores,
        dim=-1,
    )
    assert len(weights) > 0, "no " + "weights"
    return scale(weights) @ value


def scale(weights):
    return weights * (1 + EPSILON)


def left_alone(x):
    return x + 1


class Cache:
    """A cache of 4."""

    def __init__(self, size: int = 4) -> None:
        self.size, self.items = size, {}

    def push(self, key, value):
        while len(self.items) >= self.size:
            del self.items[next(iter(self.items))]
        self.items[key] = value
        ordered = sorted(
            self.items,
            key=lambda name: (-self.items[name], name),
        )[1:-1]
        return ordered


if __name__ == "__main__":
    print(Cache(3))
'''
TASKS = ["attention", "Cache"]


def afters(body: str, header: str = "def f(x, y, k):") -> list[str]:
    """Return the changed lines of the mutants of one function."""
    source = f"import math\nimport torch\n{header}\n{textwrap.indent(body, '    ')}\n"
    return [mutant.after for mutant in mutants(source, ["f"])]


def of(line: str, made: list[Mutant]) -> list[str]:
    return [mutant.after for mutant in made if mutant.before == line]


# --- What every mutant is --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "tasks"),
    [
        (KATA, TASKS),
        (inspect.getsource(heapq), ["merge", "nsmallest", "heapify"]),
        (inspect.getsource(textwrap), ["TextWrapper", "wrap", "dedent", "indent"]),
        (inspect.getsource(contextlib), ["ExitStack", "suppress", "closing"]),
    ],
    ids=["kata", "heapq", "textwrap", "contextlib"],
)
def test_every_mutant_compiles_differs_and_keeps_the_lines(source, tasks):
    made = mutants(source, tasks)
    original = source.split("\n")
    tree = ast.dump(ast.parse(source))
    assert made
    assert [mutant.line for mutant in made] == sorted(mutant.line for mutant in made)
    for mutant in made[:: max(1, len(made) // 20)]:
        compile(mutant.source, "mutant", "exec")
        assert ast.dump(ast.parse(mutant.source)) != tree
        lines = mutant.source.split("\n")
        assert len(lines) == len(original)
        assert mutant.before == original[mutant.line - 1].strip()
        assert mutant.after == lines[mutant.line - 1].strip()
        assert mutant.before != mutant.after
        assert lines[: mutant.line - 1] == original[: mutant.line - 1]


def test_no_mutant_is_made_twice_and_the_order_is_always_the_same():
    made = mutants(KATA, TASKS)
    assert len({ast.dump(ast.parse(mutant.source)) for mutant in made}) == len(made)
    assert made == mutants(KATA, list(reversed(TASKS)))


def test_the_number_is_two_to_four_a_line_of_code():
    made = mutants(KATA, TASKS)
    lines = {mutant.line for mutant in made}
    assert 2 < len(made) / len(lines) < 4


def test_a_file_of_150_lines_takes_less_than_a_tenth_of_a_second():
    source = KATA + KATA.replace("attention", "second").replace("Cache", "Store") + KATA
    assert len(source.splitlines()) > 150
    seconds = []
    for _ in range(3):
        start = time.process_time()
        mutants(source, [*TASKS, "second", "Store"])
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.1


def test_the_lines_below_a_shortened_statement_keep_their_numbers():
    (dropped,) = [mutant for mutant in mutants(KATA, TASKS) if mutant.operator == "raise"]
    assert (dropped.before, dropped.after) == ("raise ValueError(", "pass")
    line = KATA.split("\n").index("def scale(weights):")
    assert dropped.source.split("\n")[line] == "def scale(weights):"


# --- Where -----------------------------------------------------------------------------------


def test_a_mutant_is_named_for_the_function_class_or_constant_it_lies_in():
    made = mutants(KATA, TASKS)
    assert {mutant.task for mutant in made} == {"EPSILON", "attention", "scale", "Cache"}


def test_only_what_the_tasks_reach_is_changed():
    assert {mutant.task for mutant in mutants(KATA, ["Cache"])} == {"Cache"}
    assert {mutant.task for mutant in mutants(KATA, ["left_alone"])} == {"left_alone"}
    assert mutants(KATA, []) == []


def test_text_annotations_messages_and_guards_are_left_alone():
    lines = {mutant.before for mutant in mutants(KATA, TASKS)}
    for part in ('"""', "import", "__all__", "Vector", "LIMIT", "print", "columns", "Bool["):
        assert not [line for line in lines if part in line], part
    checked = 'assert len(weights) > 0, "no " + "weights"'
    assert all('"no " + "weights"' in after for after in of(checked, mutants(KATA, TASKS)))


def test_what_runs_at_import_is_of_the_module():
    (made,) = mutants("TABLE = {}\nTABLE.update(a=x)\n", [])
    assert (made.task, made.after) == ("<module>", "pass")


def test_decorators_and_bases_are_left_alone():
    source = "@cache(3)\nclass A(Base[0], frozen=True):\n    x: int = 1\n    y: int\n"
    assert [mutant.after for mutant in mutants(source, ["A"])] == ["x: int = 2", "x: int = 0"]


def test_columns_after_letters_of_several_bytes_are_right():
    assert "a = '√√'; y = x - k" in afters("a = '√√'; y = x + k")


# --- Operators -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("z = x + y", {"z = x - y"}),
        ("z = (x\n     + y)", {"- y)"}),
        ("z = x @ y", {"z = x * y"}),
        ("z = x // y", {"z = x / y", "z = x * y"}),
        ("z = x * (y + k)", {"z = x / (y + k)", "z = x * (y - k)"}),
        ("z = x - y * k", {"z = x + y * k", "z = x - y / k"}),
        ("z = x ** y ** k", {"z = x * y ** k", "z = x ** (y * k)"}),
        ("z = x < y", {"z = x <= y", "z = x > y"}),
        ("z = x < y <= k", {"z = x <= y <= k", "z = x > y <= k", "z = x < y < k"}),
        ("z = x >= y", {"z = x > y"}),
        ("z = x == y", {"z = x != y"}),
        ("z = x is None", {"z = x is not None"}),
        ("z = x not in y", {"z = x in y"}),
        ("z = x and y and k", {"z = x or y or k"}),
        ("z = k and not (x or y)", {"z = k or not (x or y)", "z = k and (x or y)",
                                    "z = k and not (x and y)"}),
        ("z = 0", {"z = 1"}),
        ("z = 7", {"z = 8", "z = 6"}),
        ("z = -7", {"z = -6", "z = -8"}),
        ("z = -1", {"z = 0", "z = -2"}),
        ("z = 65536", {"z = 131072", "z = 32768"}),
        ("z = 0.5", {"z = 1.0", "z = 0.25"}),
        ("z = 0.0", {"z = 1.0"}),
        ("z = 1e-9", {"z = 0.0", "z = 1.0"}),
        ("z = -1e9", {"z = 1e9", "z = -1.0"}),
        ("z = True", {"z = False"}),
        ("z = None", set()),
        ("z = 'words'", set()),
        ("z = x == 'words'", {"z = x != 'words'", 'z = x == ""'}),
        ("z = x in {'a', 'b'}", {"z = x not in {'a', 'b'}", "z = x in {\"\", 'b'}",
                                 "z = x in {'a', \"\"}"}),
        ("z = x['a']", {'z = x[""]'}),
        ("z = {'a': 'b'}", {'z = {"": \'b\'}'}),
        ("z = x.get('a', 'b')", {"z = x.get(\"\", 'b')", "z = x.get('a', \"\")",
                                 "z = x.get('b', 'a')"}),
        ("z = torch.meshgrid(x, indexing='ij')", {'z = torch.meshgrid(x, indexing="xy")'}),
        ("z = ' '.join(x)", {'z = "".join(x)'}),
        ("z = -x", {"z = x"}),
        ("z = ~x", {"z = x"}),
        ("z = -torch.inf", {"z = torch.inf"}),
        ("z = math.inf", {"z = -math.inf"}),
        ("z = float('-inf')", {'z = float("inf")'}),
        ("z = x if y else k", {"z = x if True else k", "z = x if False else k"}),
        ("z = [i for i in x if i]", {"z = [i for i in x if True]"}),
        ("z = f(x, y)", {"z = f(y, x)"}),
        ("z = f((x), y.a, k)", {"z = f((y.a), x, k)"}),
        ("z = f(*x, y)", set()),
        ("z = torch.where(x, y, k)", {"z = torch.where(x, k, y)"}),
        ("z = max(x, y)", {"z = min(x, y)"}),
        ("z = sum(x)", {"z = max(x)"}),
        ("z = x.sum(dim=0)", {"z = x.mean(dim=0)", "z = x.sum(dim=1)", "z = x.sum(dim=-1)"}),
        ("z = x.amax(-1, keepdim=True)", {"z = x.amin(-1, keepdim=True)",
                                          "z = x.amax(0, keepdim=True)",
                                          "z = x.amax(-2, keepdim=True)",
                                          "z = x.amax(-1, keepdim=False)"}),
        ("z = torch.argmax(x)", {"z = torch.argmin(x)"}),
        ("z = x.shape[-1]", {"z = x.shape[-2]"}),
        ("z = math.ceil(x)", {"z = math.floor(x)"}),
        ("z = math.sqrt(x)", {"z = x"}),
        ("z = k * (x + y).sqrt()", {"z = k / (x + y).sqrt()", "z = k * (x + y)",
                                    "z = k * (x - y).sqrt()"}),
        ("z = k * math.sqrt(x + y)", {"z = k / math.sqrt(x + y)", "z = k * (x + y)",
                                      "z = k * math.sqrt(x - y)"}),
        ("z = abs(x)", {"z = x"}),
        ("z = x.clamp(min=y)", {"z = x"}),
        ("z = x.T", {"z = x"}),
        ("z = sorted(x, reverse=True)", {"z = x", "z = sorted(x, reverse=False)"}),
        ("z = x[y:k]", {"z = x[:k]", "z = x[y:]"}),
        ("z = x[::k]", {"z = x[:]"}),
        ("z = isinstance(x, int | float)", set()),
        ("z = f'{x + 1}'", {"z = f'{x - 1}'", "z = f'{x + 2}'", "z = f'{x + 0}'"}),
    ],
)  # fmt: skip
def test_an_expression_is_changed(line, expected):
    assert set(afters(line)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("f(x)", ["pass"]),
        ("x += y", ["pass", "x -= y", "x = y"]),
        ("x.a = y", ["pass"]),
        ("x = f(x)", ["pass"]),
        ("x = abs(x)", ["pass"]),
        ("x = y", []),
        ("del x[y]", ["pass"]),
        ("del x", []),
        ("return x", ["return None"]),
        ("return None", []),
        ("return", []),
        ("raise ValueError(x + 1)", ["pass"]),
        ("if x:\n    y = k", ["if True:", "if False:"]),
        ("if x:\n    raise y", ["if True:", "pass"]),
        ("while x:\n    break", ["while False:", "pass"]),
        ("for i in x: continue", ["for i in x: pass"]),
        ("'text'\n...", []),
        ("y: int = 3", ["y: int = 4", "y: int = 2"]),
        ("match x:\n    case 'a' if y:\n        pass",
         ['case "" if y:', "case 'a' if True:", "case 'a' if False:"]),
        ("try:\n    f(x)\nexcept E:\n    f(y)\nfinally:\n    f(k)", ["pass"] * 3),
    ],
)  # fmt: skip
def test_a_statement_is_changed(body, expected):
    assert sorted(afters(body)) == sorted(expected)


def test_defaults_are_changed_and_none_stays():
    header = "def f(x, k=60, *, gain='exponential', mask=None):"
    assert afters("pass", header) == [
        "def f(x, k=61, *, gain='exponential', mask=None):",
        "def f(x, k=59, *, gain='exponential', mask=None):",
        'def f(x, k=60, *, gain="", mask=None):',
    ]


def test_a_name_that_the_module_binds_is_no_builtin():
    assert afters("z = max(x)", "def f(x, max):") == []


# --- equivalent.toml -------------------------------------------------------------------------

ENTRY = """
[[mutant]]
task = "f"
before = "return x < 1"
after = "  return x <= 0  "
reason = "x is an integer"
"""


def written(tmp_path, text):
    path = tmp_path / "equivalent.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_entry_lists_the_mutant_with_its_task_and_lines(tmp_path):
    (entry,) = load_equivalents(written(tmp_path, ENTRY))
    assert entry == Equivalent("f", "return x < 1", "return x <= 0", "x is an integer")
    mutant = Mutant("f", 3, "return x < 1", "return x <= 0", "comparison", "")
    assert is_equivalent(mutant, [entry])
    assert not is_equivalent(replace(mutant, task="g"), [entry])
    assert not is_equivalent(replace(mutant, after="return x < 2"), [entry])
    assert unused_equivalents([entry], [mutant]) == []
    assert unused_equivalents([entry], []) == [entry]


def test_a_file_that_does_not_exist_has_no_entries(tmp_path):
    assert load_equivalents(tmp_path / "equivalent.toml") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.replace('task = "f"\n', ""), "mutant 1: 'task' is missing"),
        (ENTRY.replace("x is an integer", " "), "mutant 1: 'reason' is empty"),
        (ENTRY.replace('"f"', "3"), "mutant 1: 'task' is 3; expected text"),
        (ENTRY.replace("reason", "reasons"), "unknown field 'reasons'; did you mean 'reason'?"),
        (ENTRY + ENTRY, "mutant 2: 'before' and 'after' repeat an earlier entry"),
        (ENTRY.replace("[[mutant]]", "[mutant]"), "write [[mutant]] for each entry"),
        ("mutant = [3]", "mutant 1: is not a table"),
        ("[[mutants]]", "unknown field 'mutants'"),
        ("[[mutant", "Expected ']]'"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_with_file_and_field(tmp_path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(EquivalentsError) as caught:
        load_equivalents(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)
