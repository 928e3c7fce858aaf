"""What crosses between judge and submission, the same in both makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from autograder.catalog import Kata, Task
from autograder.sandbox.failures import (
    ChangedInput,
    Crashed,
    ForbiddenCall,
    LoadFailed,
    NotPlainData,
    OutOfMemory,
    Stopped,
    TimedOut,
    Unimplemented,
    raised_by_submission,
)
from autograder.sandbox.pool import close_libraries, library_for, worker_make
from autograder.sandbox.submission import InProcess, Source, Submission

KATA = Kata(
    name="trial",
    title="A trial",
    track="search",
    order=1,
    difficulty="easy",
    minutes=1,
    requires=("torch",),
    prerequisites=(),
    questions=(),
    forbidden=("torch.nn.functional.scaled_dot_product_attention", "eval", "fractions"),
    tasks=(Task("f", 1), Task("g", 1)),
    time_limit=5,
    root=Path("/nowhere"),
)
Open = Callable[[str], Submission]


@pytest.fixture(scope="module", autouse=True)
def _libraries() -> Iterator[None]:
    yield
    close_libraries()


@pytest.fixture(params=["in-process", "worker"])
def load(request: pytest.FixtureRequest) -> Iterator[Open]:
    """Return a function that makes a submission of a text."""
    opened = []

    def load(text: str) -> Submission:
        source = Source("trial.py", (("trial.py", text),))
        make = (
            InProcess(KATA, source)
            if request.param == "in-process"
            else (worker_make(KATA, source, memory_bytes=1 << 30))
        )
        submission = Submission(KATA, source, make)
        submission.begin_test(5.0)
        opened.append(make)
        return submission

    yield load
    for make in opened:
        make.close()


def in_worker(request: pytest.FixtureRequest) -> bool:
    return "worker" in request.node.name


def test_values_come_back_as_they_were(load: Open) -> None:
    f = load("def f(x, *, y=None): return [x, y]").f
    tensor = torch.arange(6.0).reshape(2, 3).T
    back, other = f(tensor, y={"a": (1, 2.5), (1, "b"): np.float32(3)})
    assert torch.equal(back, tensor)
    assert back.stride() == tensor.stride()
    assert other == {"a": (1, 2.5), (1, "b"): np.float32(3)}
    assert type(other[1, "b"]) is np.float32


def test_an_argument_changed_in_place_is_told_by_name(load: Open) -> None:
    submission = load("def f(query, key):\n    key += 1\n    return query")
    with pytest.raises(ChangedInput, match="`f` changed its argument `key` in place"):
        submission.f(torch.ones(2), torch.ones(2))
    ours = torch.ones(2)
    submission.allow_changes()
    submission.f(torch.ones(2), ours)
    assert torch.equal(ours, torch.ones(2))


def test_a_list_sorted_in_place_is_a_change(load: Open) -> None:
    with pytest.raises(ChangedInput, match="argument `items`"):
        load("def f(items):\n    items.sort()\n    return items").f([2, 1])


def test_what_it_raises_comes_out_as_the_nearest_builtin(load: Open) -> None:
    submission = load("class Odd(ValueError): pass\ndef f(x):\n    raise Odd(f'no {x}')")
    with pytest.raises(ValueError, match="no 3") as caught:
        submission.f(3)
    raised = raised_by_submission(caught.value)
    assert raised is not None
    assert raised.kind == "Odd"
    assert [(frame.line, frame.function) for frame in raised.frames] == [(3, "f")]


@pytest.mark.parametrize(
    ("text", "failure", "said"),
    [
        ("def f(): raise NotImplementedError", Unimplemented, "not implemented"),
        ("", Unimplemented, "`f` is not defined"),
        ("def f(): raise SystemExit", Stopped, "SystemExit"),
        ("def f(): return (i for i in [])", NotPlainData, "result: a generator"),
        ("def f(): return {'a': [1, object()]}", NotPlainData, r"result\['a'\]\[1\]|\"a\""),
        ("def f():\n    x = [0]\n    x.append(x)\n    return x", NotPlainData, "result"),
        ("x = 1 / 0", LoadFailed, "ZeroDivisionError"),
        ("def f(:", LoadFailed, "SyntaxError"),
        ("def f(): return eval('1')", ForbiddenCall, "`eval`"),
        ("def f(): return __builtins__['eval']('1')", ForbiddenCall, "`eval`"),
        ("def f(): exec('e' + 'val(\"1\")')", ForbiddenCall, "`eval`"),
        ("def f():\n    import fractions\n    return 1", ForbiddenCall, "`fractions`"),
        ("def f(): return __import__('frac' + 'tions').gcd", ForbiddenCall, "`fractions`"),
        (
            "import torch\ndef f():\n    x = torch.ones(1, 2, 2)\n"
            "    return torch.ops.aten.scaled_dot_product_attention(x, x, x)",
            ForbiddenCall,
            "scaled_dot_product_attention",
        ),
        (
            "import torch\nF = torch.nn.functional\ndef f():\n    x = torch.ones(1, 2, 2)\n"
            "    try: return getattr(F, 'scaled_dot_product' + '_attention')(x, x, x)\n"
            "    except BaseException: return x",
            ForbiddenCall,
            "scaled_dot_product_attention",
        ),
    ],
)
def test_each_failure_has_its_kind(
    load: Open, text: str, failure: type[Exception], said: str
) -> None:
    with pytest.raises(failure, match=said):
        load(text).f()


def test_a_helper_that_uses_what_is_forbidden_fails_the_task_that_calls_it(load: Open) -> None:
    submission = load("def h(): return eval('2')\ndef f(): return h()\ndef g(): return 3")
    assert submission.g() == 3
    with pytest.raises(ForbiddenCall):
        submission.f()


def test_libraries_may_use_what_is_forbidden_to_the_submission(load: Open) -> None:
    text = (
        "from collections import namedtuple\nfrom dataclasses import dataclass\n"
        "P = namedtuple('P', 'a b')\n"
        "@dataclass\nclass Q:\n    a: int\n"
        "def f(): return P(1, Q(2).a)"
    )
    assert load(text).f() == (1, 2)


def test_suites_may_use_what_is_forbidden_as_an_oracle(load: Open) -> None:
    submission = load("def f(callback, x): return callback(x)")
    x = torch.ones(1, 2, 2)
    oracle = torch.nn.functional.scaled_dot_product_attention
    assert torch.equal(submission.f(lambda t: oracle(t, t, t), x), oracle(x, x, x))


def test_handles_have_attributes_methods_and_come_back_as_arguments(load: Open) -> None:
    text = (
        "class C:\n"
        "    def __init__(self, n): self.n = n\n"
        "    @property\n"
        "    def double(self): return 2 * self.n\n"
        "    def add(self, k): self.n += k; return self\n"
        "    def __len__(self): return self.n\n"
        "    def __call__(self, x): return x * self.n\n"
        "def f(c): return c.n\n"
    )
    submission = load(text)
    c = submission.C(2)
    c.add(3)
    assert (c.n, c.double, len(c), c(2)) == (5, 10, 5, 10)
    assert submission.f(c) == 5
    assert submission.f(c.add(1)) == 6
    with pytest.raises(AttributeError):
        _ = c.nothing


def test_callbacks_run_in_the_judge_and_what_they_raise_comes_out_as_the_same_object(
    load: Open,
) -> None:
    submission = load(
        "def f(tool):\n    return [tool(1), tool(x=2)]\n"
        "def g(tool):\n    try: tool()\n    except KeyError as e: return str(e), type(e).__name__\n"
    )
    asked = []

    def tool(x: int) -> str:
        asked.append(x)
        return f"got {x}"

    assert submission.f(tool) == ["got 1", "got 2"]
    assert asked == [1, 2]
    error = KeyError("lost")

    def failing(*args: object) -> None:
        raise error

    with pytest.raises(KeyError) as caught:
        submission.f(failing)
    assert caught.value is error
    assert submission.g(failing) == ("'lost'", "KeyError")


def test_a_callback_may_call_the_submission_again(load: Open) -> None:
    submission = load("def f(g, n): return g(n)\n")

    def down(n: int) -> int:
        return 0 if n == 0 else 1 + submission.f(down, n - 1)

    assert submission.f(down, 5) == 5


def test_gradients_are_asked_for_by_name(load: Open) -> None:
    submission = load(
        "class L:\n    def __init__(self, w): self.w = w\n"
        "    def forward(self, x): return x * self.w\n"
        "def f(x, y, *, z=1.0): return (x * y * z, x.detach())\n"
        "def g(x): return x.detach() * 2"
    )
    x, y = torch.tensor([1.0, 2.0]), torch.tensor([3.0, 4.0])
    upstream = (torch.tensor([1.0, 10.0]), torch.zeros(2))
    dx, dy = submission.gradients("f", x, y, wrt=(0, 1), z=2.0, upstream=upstream)
    assert dx.tolist() == [6.0, 80.0]
    assert dy.tolist() == [2.0, 40.0]
    layer = submission.L(torch.tensor(3.0))
    assert submission.gradients(layer.forward, x)[0].tolist() == [3.0, 3.0]
    assert submission.gradients("g", x) == (None,)


def test_a_static_method_is_called_as_a_class_method_is(load: Open) -> None:
    submission = load(
        "class A:\n"
        "    @staticmethod\n    def f(x): return x + 1\n"
        "    @classmethod\n    def g(cls, x): return x + 2\n"
    )
    record = submission.begin_test(5)
    assert (submission.A.f(1), submission.A.g(1)) == (2, 3)
    assert [c.what for c in record.crossings] == ["A.f", "A.g"]


def test_a_measure_records_whether_it_is_within_its_limit(load: Open) -> None:
    submission = load("import numpy as np\ndef f(n): return float(np.ones(n).sum())")
    record = submission.begin_test(5)
    assert 8e6 <= submission.measure("traced_memory", "f", 1_000_000, limit=1e6) < 9e6
    assert 0 <= submission.measure("cpu_seconds", "f", 10, limit=1.0) < 1.0
    assert [(c.what, c.value) for c in record.crossings] == [
        ("traced_memory of f", False),
        ("cpu_seconds of f", True),
    ]


def test_what_is_kept_for_the_backward_pass_is_counted(load: Open) -> None:
    submission = load(
        "import torch\n"
        "class F(torch.autograd.Function):\n"
        "    def forward(ctx, x, w):\n"
        "        ctx.save_for_backward(x, w.T)\n"
        "        ctx.hidden = [x @ w]\n"
        "        return ctx.hidden[0] * 1\n"
        "    def backward(ctx, grad): return grad @ ctx.saved_tensors[1], None\n"
        "def f(x, w): return F.apply(x, w)\n"
        "def g(x, w): return torch.tanh(x * 1).sum(-1)"
    )
    x, w = torch.ones(3, 2, requires_grad=True), torch.ones(2, 5)
    assert submission.measure("kept_elements", "f", x, w, limit=0) == 15
    assert submission.measure("kept_elements", "g", x, w, limit=0) == 0
    found = submission.probe("backward", "f", x, w)
    assert found[0].tolist() == [[10.0, 10.0]] * 3
    assert found[1] is None


def test_an_endless_call_is_timed_out_with_its_line(
    load: Open, request: pytest.FixtureRequest
) -> None:
    if not in_worker(request):
        pytest.skip("in-process the time is kept by pytest-timeout: tests/test_plugin.py")
    submission = load("def f():\n    while True:\n        pass\ndef g(): return 1")
    submission.begin_test(0.3)
    with pytest.raises(TimedOut) as caught:
        submission.f()
    assert caught.value.frames[-1].function == "f"
    submission.begin_test(5)
    assert submission.g() == 1


def test_a_crash_costs_one_test(load: Open, request: pytest.FixtureRequest) -> None:
    if not in_worker(request):
        pytest.skip("in-process a crash takes the process down")
    submission = load("import ctypes\ndef f(): ctypes.string_at(0)\ndef g(): return 1")
    with pytest.raises(Crashed, match="SIGSEGV"):
        submission.f()
    submission.begin_test(5)
    assert submission.g() == 1


def test_memory_beyond_the_limit_is_refused(load: Open, request: pytest.FixtureRequest) -> None:
    if not in_worker(request):
        pytest.skip("in-process there is no limit of memory")
    submission = load("import torch\ndef f(): return torch.zeros(1 << 31).sum().item()")
    with pytest.raises(OutOfMemory):
        submission.f()


def test_the_notebooks_cells_run_on_after_one_that_raises(load: Open) -> None:
    chunks = (("cell 1", "a = 1"), ("cell 2", "1 / 0"), ("cell 3", "def f(): return a"))
    source = Source("n.ipynb", chunks, notebook=True)
    for make in (InProcess(KATA, source), worker_make(KATA, source)):
        submission = Submission(KATA, source, make)
        submission.begin_test(5)
        assert submission.f() == 1
        with pytest.raises(LoadFailed, match="ZeroDivisionError"):
            submission.g()
        make.close()


def test_each_test_finds_the_same_global_random_state(load: Open) -> None:
    submission = load(
        "import random, numpy, torch\n"
        "def f(): return random.random(), numpy.random.rand(), torch.rand(1).item()"
    )
    first = submission.f()
    submission.begin_test(5)
    assert submission.f() == first


def test_one_element_with_any_stride_comes_back(load: Open) -> None:
    result = load("import torch\ndef f(): return torch.arange(2.0)[1::2]").f()
    assert result.tolist() == [1.0]


def test_what_is_recorded_of_an_object_does_not_depend_on_its_class(load: Open) -> None:
    first, second = (
        load(f"class {name}:\n    def get(self): return 1\ndef f(): return {name}()\n")
        for name in ("One", "Two")
    )
    for submission in (first, second):
        submission.f().get()
    assert first._record.crossings == second._record.crossings


def test_a_check_that_fails_in_a_callback_fails_the_test_though_it_is_swallowed(load: Open) -> None:
    def wants(value: int) -> None:
        raise AssertionError(f"{value} is not wanted")

    text = "def f(g):\n    try:\n        g(1)\n    except Exception:\n        pass\n    return 2"
    with pytest.raises(AssertionError, match="1 is not wanted"):
        load(text).f(wants)


def test_a_worker_whose_judge_has_gone_is_killed() -> None:
    child = library_for(KATA).fork({})
    child._status.close()  # as the system does it for a judge that falls
    child.stream.settimeout(10)
    while child.stream.recv(4096):
        pass
    child.stream.close()


def test_an_empty_tensor_with_any_stride_is_an_argument(load: Open) -> None:
    empty = torch.from_numpy(np.random.default_rng(0).uniform(size=(0,))).float()
    assert load("def f(x): return x.shape[0]").f(empty) == 0
    assert load("def f(x): return x + 1").f(torch.arange(2.0)[1::2]).tolist() == [2.0]


def test_an_error_that_wants_more_than_a_text_is_of_the_nearest_base_that_does_not(
    load: Open,
) -> None:
    submission = load("def f(data): return data.decode()")
    with pytest.raises(ValueError, match="can't decode byte 0xff"):
        submission.f(b"\xff")


def test_a_diagnosis_compares_what_a_test_notes(load: Open) -> None:
    submission = load("def f(): return {'a': 1, 'beside': 2}")
    record = submission.begin_test(5)
    submission.note_result({"a": submission.f()["a"]})
    assert [crossing.value for crossing in record.crossings] == [{"a": 1}]
