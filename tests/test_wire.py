"""The wire: what crosses arrives exactly, what may not is refused by name, lies are WireErrors."""

import collections
import dataclasses
import enum
import math
import os
import random
import socket
import struct
import threading
import time
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from autograder.sandbox.wire import (
    Limits,
    Message,
    PipeStream,
    Ref,
    SocketStream,
    Unsupported,
    WireError,
    closed,
    frames,
    pack,
    receive,
    send,
    unpack,
    unpacking,
)

pytestmark = pytest.mark.filterwarnings("ignore:ComplexHalf support")

NUMBERS = ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
NUMPY_DTYPES = sorted({np.dtype(order + code).str for code in NUMBERS for order in "<>"})
TORCH_DTYPES = [getattr(torch, name) for name in closed.TORCH_NAMES if hasattr(torch, name)]


def crossed(value, **options):
    return unpack(pack(value, **options).copied())


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are the same, types, bits, layout and order included."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("d", left) == struct.pack("d", right)
    if isinstance(left, complex):
        return same(left.real, right.real) and same(left.imag, right.imag)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    if isinstance(left, set | frozenset):
        return left == right and {(type(x), x) for x in left} == {(type(x), x) for x in right}
    if isinstance(left, np.generic):
        return left.dtype.str == right.dtype.str and left.tobytes() == right.tobytes()
    if isinstance(left, np.ndarray):
        return (
            (left.dtype.str, left.shape) == (right.dtype.str, right.shape)
            and left.tobytes() == right.tobytes()
            and right.flags.writeable
        )
    if isinstance(left, torch.Tensor):
        return (
            (left.dtype, left.shape, left.requires_grad)
            == (right.dtype, right.shape, right.requires_grad)
            and bits(left) == bits(right)
            and right.is_leaf
        )
    return left == right


def bits(tensor: torch.Tensor) -> bytes:
    flat = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


# ---- round trips ----

keys = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda parts: st.lists(parts, max_size=3).map(tuple),
    max_leaves=4,
)
dtypes = st.sampled_from([*NUMPY_DTYPES, "<U3", ">U2", "|S4"]).map(np.dtype)


@st.composite
def arrays(draw):
    array = draw(npst.arrays(draw(dtypes), npst.array_shapes(min_dims=0, min_side=0, max_side=5)))
    array = array.transpose(draw(st.permutations(range(array.ndim))))
    steps = draw(st.lists(st.sampled_from([1, -1, 2]), min_size=array.ndim, max_size=array.ndim))
    return array[tuple(slice(None, None, step) for step in steps)]


@st.composite
def tensors(draw):
    dtype = draw(st.sampled_from(TORCH_DTYPES))
    shape = draw(npst.array_shapes(min_dims=0, min_side=0, max_side=4))
    size = math.prod(shape) * dtype.itemsize
    data = bytearray(draw(st.binary(min_size=size, max_size=size)))
    if dtype is torch.bool:
        data = bytearray(byte & 1 for byte in data)
    flat = torch.frombuffer(data, dtype=dtype) if size else torch.empty(0, dtype=dtype)
    tensor = flat.reshape(shape).permute(draw(st.permutations(range(len(shape)))))
    if dtype.is_floating_point or dtype.is_complex:
        tensor.requires_grad_(draw(st.booleans()))
    return tensor


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=-(1 << 80), max_value=1 << 80)
    | st.floats()
    | st.complex_numbers()
    | st.text(st.characters(), max_size=8)
    | st.text(st.characters(categories=("Cs", "L")), max_size=4)
    | st.binary(max_size=400)
    | st.builds(range, st.integers(0, 99), st.integers(0, 99), st.sampled_from([1, 2, -3]))
    | arrays()
    | tensors()
    | npst.arrays(st.sampled_from(NUMPY_DTYPES), 1).map(lambda array: array[0])
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(keys, inner, max_size=4)
        | st.sets(keys, max_size=4)
        | st.frozensets(keys, max_size=4)
        | st.lists(st.integers() | st.floats() | st.text(), max_size=6)
    ),
    max_leaves=8,
)
quick = settings(
    max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


@quick
@given(values)
def test_nested_values_arrive_exactly(value):
    assert same(value, crossed(value))


@quick
@given(arrays())
def test_arrays_of_every_layout_arrive_exactly(array):
    assert same(array, crossed(array))


@quick
@given(tensors())
def test_tensors_of_every_dtype_arrive_exactly(tensor):
    assert same(tensor, crossed(tensor))


@pytest.mark.parametrize("size", [3, 1000])
@pytest.mark.parametrize("name", NUMPY_DTYPES)
def test_each_numpy_dtype_keeps_all_its_bits(name, size):
    dtype = np.dtype(name)
    data = np.random.default_rng(size).integers(0, 256, size * dtype.itemsize, np.uint8)
    array = (data & 1 if dtype.kind == "b" else data).view(dtype)
    assert same(array, crossed(array))
    assert same(array[0], crossed(array[0]))


@pytest.mark.parametrize("size", [3, 1000])
@pytest.mark.parametrize("dtype", TORCH_DTYPES, ids=str)
def test_each_torch_dtype_keeps_all_its_bits(dtype, size):
    generator = torch.Generator().manual_seed(size)
    top = 2 if dtype is torch.bool else 256
    data = torch.randint(0, top, (size * dtype.itemsize,), dtype=torch.uint8, generator=generator)
    tensor = data.view(dtype)
    assert same(tensor, crossed(tensor))
    assert same(tensor[0], crossed(tensor[0]))


@pytest.mark.parametrize(
    "value",
    [
        -0.0,
        5e-324,
        struct.unpack("d", struct.pack("Q", 0x7FF8_0000_DEAD_BEEF))[0],
        complex(-0.0, math.inf),
        "a\0b",
        "\ud800 alone",
        ["fine", "\udfff"],
        [1, True, 1.0],
        [2**64 - 1, -(2**63)],
        [2**64, -(2**63) - 1],
        1 << 4000,
        -(1 << 4000),
        range(10, 0, -3),
        range(2**70, 2**70 + 3),
        b"",
        bytes(range(256)) * 4,
        {},
        {2: "b", 1: "a", None: 0, (1, (2.0, "x")): [], False: 1.5, b"k": 0},
        {(0, 1): 2, (0, 2): 3},
        {b"ab": 1, np.int64(3): 2, np.str_("x"): 3},
        {1, 2.5, "a", (None, True)},
        frozenset({"a"}),
        np.str_("ends in nul\0"),
        np.bytes_(b"ends in nul\0"),
        np.float64(-0.0),
        np.array(3.0),
        np.zeros((0, 3), ">i4"),
        np.array(["é", "", "abc"]),
        np.array([b"x", b""]),
        np.dtype(">f4"),
        np.dtype("U5"),
        torch.bfloat16,
        torch.zeros(()),
        torch.zeros(3, 0, 2),
        [torch.ones(2, requires_grad=True)] * 2,
    ],
    # A set prints in another order in each process, and xdist wants the same ids in all.
    ids=lambda value: (
        f"{type(value).__name__}-"
        f"{str(sorted(map(repr, value)) if isinstance(value, set) else value)[:20]!a}"
    ),
)
def test_corner_values_arrive_exactly(value):
    assert same(value, crossed(value))


def test_strides_of_dense_tensors_are_kept():
    base = torch.arange(120.0).reshape(2, 3, 4, 5)
    channels_last = base.contiguous(memory_format=torch.channels_last)
    for tensor in (base, base.permute(2, 0, 3, 1), channels_last, torch.ones(1, 7).t(), base[:1]):
        assert crossed(tensor).stride() == tensor.stride()
        assert same(tensor, crossed(tensor))


def test_memory_that_is_not_dense_arrives_contiguous():
    base = torch.arange(120.0).reshape(2, 3, 20)
    for tensor in (base[:, ::2], base[..., 3:9], base[:, :1].expand(2, 9, 20), base.diagonal()):
        assert crossed(tensor).is_contiguous()
        assert same(tensor, crossed(tensor))
    array = base.numpy()
    for view in (array[::-1], array[:, ::2], np.broadcast_to(array[0], (4, 3, 20))):
        assert crossed(view).flags.c_contiguous
        assert same(view, crossed(view))
    for axes in ((2, 0, 1), (1, 2, 0), (2, 1, 0)):
        dense = array.transpose(axes)
        assert crossed(dense).strides == dense.strides
        assert same(dense, crossed(dense))
    packed = np.zeros(4, dtype=[("a", "i1"), ("b", "<f8")])["b"]  # strides of 9 bytes
    assert same(packed, crossed(packed))


def test_conjugated_and_negated_views_are_resolved():
    tensor = torch.tensor([1 + 2j, -3 - 0j])
    for view in (tensor.conj(), tensor.conj().imag, tensor.conj().t()):
        assert same(view, crossed(view))


def test_a_tensor_keeps_requires_grad_as_a_leaf_even_without_grad_mode():
    product = torch.ones(3, requires_grad=True) * 2
    with torch.no_grad():
        arrived = crossed(product)
    assert arrived.requires_grad and arrived.is_leaf and arrived.grad_fn is None
    (arrived * 2).sum().backward()
    assert arrived.grad.tolist() == [2, 2, 2]


def test_booleans_with_other_bits_arrive_as_true():
    odd = np.array([0, 1, 2, 255], np.uint8)
    assert crossed(odd.view(bool)).view(np.uint8).tolist() == [0, 1, 1, 1]
    tensor = torch.from_numpy(odd).view(torch.bool)
    assert crossed(tensor).view(torch.uint8).tolist() == [0, 1, 1, 1]


def test_arrays_that_arrive_are_independent_of_each_other_and_of_the_original():
    original = torch.zeros(1000)
    first, second = crossed([original, original])
    first += 1
    assert original.sum() == 0 and second.sum() == 0
    message = pack(original)
    unpack(message).add_(1)  # not owned: copied
    assert original.sum() == 0
    array = crossed(np.zeros(1000))
    array += 1
    small = crossed(np.zeros(3))
    small += 1


# ---- subclasses ----


class Sly(list):
    def __iter__(self):
        raise AssertionError("asked the object itself")

    __len__ = __getitem__ = __eq__ = __repr__ = __reduce__ = __iter__
    __class__ = property(__iter__)


class SlyText(str):
    def __hash__(self):
        raise AssertionError("asked the object itself")

    __str__ = __len__ = __eq__ = __repr__ = encode = __hash__


class SlyDict(dict):
    def items(self):
        raise AssertionError("asked the object itself")

    __iter__ = keys = values = __len__ = __getitem__ = items


class SlyInt(int):
    def __index__(self):
        raise AssertionError("asked the object itself")

    __int__ = __eq__ = __hash__ = __repr__ = __lt__ = bit_length = to_bytes = __index__


class SlyTensor(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        raise AssertionError("asked the object itself")


class SlyMeta(type):
    def __hash__(cls):
        raise AssertionError("asked the object itself")

    __eq__ = __instancecheck__ = __subclasscheck__ = __hash__
    __name__ = property(__hash__)  # type: ignore[assignment]


class SlyClass(metaclass=SlyMeta):
    pass


class Pair(NamedTuple):
    left: int
    right: str


class Colour(enum.IntEnum):
    RED = 1


class Word(enum.StrEnum):
    YES = "yes"


def test_subclasses_arrive_as_their_base():
    ordered = collections.OrderedDict(a=1, b=2)
    ordered.move_to_end("a")
    sly_dict = SlyDict()
    dict.__setitem__(sly_dict, "k", 1)
    for value, plain in (
        (Sly([1, Sly(["x"])]), [1, ["x"]]),
        (SlyText("é"), "é"),
        (SlyInt(7), 7),
        (SlyInt(1 << 70), 1 << 70),
        ([SlyInt(7), SlyInt(8)], [7, 8]),
        (sly_dict, {"k": 1}),
        ({Colour.RED: Word.YES}, {1: "yes"}),
        (Pair(1, "a"), (1, "a")),
        (Colour.RED, 1),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (collections.defaultdict(list, {1: [2]}), {1: [2]}),
        (ordered, {"b": 2, "a": 1}),
        (torch.Size([2, 3]), (2, 3)),
        (bytearray(b"abc"), b"abc"),
        (type("Float", (float,), {})(-0.0), -0.0),
        (type("Bytes", (bytes,), {})(b"x"), b"x"),
        (type("Set", (set,), {})([1]), {1}),
    ):
        assert same(crossed(value), plain)


def test_subclasses_of_arrays_and_tensors_arrive_plain():
    parameter = torch.nn.Parameter(torch.ones(2))
    assert same(crossed(parameter), torch.ones(2, requires_grad=True))
    sly = torch.ones(3).as_subclass(SlyTensor)
    assert same(crossed(sly), torch.ones(3))
    assert same(crossed(np.ones((1, 2)).view(np.matrix)), np.ones((1, 2)))
    state = torch.nn.Linear(2, 1).state_dict()
    assert same(crossed(state), dict(state))


# ---- refusals ----


@dataclasses.dataclass
class Point:
    x: int


def cyclic_list():
    value: list[Any] = [1]
    value.append({"again": (value,)})
    return value


def deep(levels, make=lambda inner: [inner]):
    value: Any = 0
    for _ in range(levels):
        value = make(value)
    return value


def doubling(levels):
    value: Any = [1.5] * 100
    for _ in range(levels):
        value = [value, value]
    return value


with warnings.catch_warnings(action="ignore"):  # all three are "in beta", or deprecated
    SPARSE = torch.eye(2).to_sparse_csr()
    QUANTIZED = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8)
    NESTED = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])

REFUSED = [
    ([0, 0, {"scores": (x for x in ())}], 'result[2]["scores"]: a generator'),
    (lambda: 0, "result: a function"),
    (Point(1), "result: an object of class Point"),
    ({"p": [Point(1)]}, 'result["p"][0]: an object of class Point'),
    (Point, "result: the class Point"),
    (SlyClass(), "result: an object of class SlyClass"),
    ([SlyClass], "result[0]: the class SlyClass"),
    (slice(1), "result: a slice"),
    (..., "result: an ellipsis"),
    (memoryview(b"x"), "result: a memoryview"),
    ({}.keys(), "result: a dict_keys"),
    (map(str, [1]), "result: a map"),
    (os, "result: a module"),
    (object(), "result: an object"),
    (enum.Enum("Plain", "ONE").ONE, "result: an object of class Plain"),  # type: ignore[attr-defined]
    (cyclic_list(), 'result[1]["again"][0]: a list that contains itself'),
    ({math.nan: 1}, "result: a key that is NaN"),
    ({"a": {(1, math.nan)}}, 'result["a"]: a key that is NaN'),
    ({np.float32("nan"): 1}, "result: a key that is NaN"),
    ({Point: 1}, "result: a key that is the class Point"),
    ({frozenset()}, "result: a key that is a frozenset"),
    ({1j: 0}, "result: a key that is a complex"),
    ({(1, lambda: 0): 0}, "result: a key that is a function"),
    ({"a": 1, type("S", (str,), {"__hash__": lambda s: 5})("a"): 2}, "two keys that are equal"),
    ({(1, "k" * 99): [object()]}, 'result[(1, "' + "k" * 70),
    ({1 << 900: object()}, "result[a large int]: an object"),
    ({"\ud800\n": object()}, r'result["\ud800\n"]: an object'),
    (np.array([None]), "result: an array of dtype object"),
    (np.zeros(2, "i4,f4"), "result: an array of dtype [('f0', '<i4'), ('f1', '<f4')]"),
    (np.zeros(2, "M8[s]"), "result: an array of dtype datetime64[s]"),
    (np.zeros(2, np.longdouble), "result: an array of dtype "),
    (np.zeros(2, np.clongdouble), "result: an array of dtype "),
    (np.array(["x"], np.dtypes.StringDType()), "result: an array of dtype StringDType()"),
    (np.longdouble(1), "result: a numpy scalar of type longdouble"),
    (np.datetime64("2020"), "result: a numpy scalar of type datetime64"),
    (np.dtype("O"), "result: the dtype object"),
    (torch.quint8, "result: the dtype torch.quint8"),
    (torch.eye(2).to_sparse(), "result: a tensor of layout torch.sparse_coo"),
    (SPARSE, "result: a tensor of layout torch.sparse_csr"),
    (torch.zeros(2, device="meta"), "result: a tensor on the meta device"),
    (QUANTIZED, "result: a tensor of dtype torch.qint8"),
    (NESTED, "result: a nested tensor"),
    (torch.zeros([1] * 33), "result: a tensor of 33 dimensions"),
    (torch.zeros(1).expand(1 << 40), "result: a tensor of shape (1099511627776,), more than"),
    (np.broadcast_to(np.zeros(1), 1 << 40), "result: an array of shape (1099511627776,), more"),
    (range(10**30), "result: a range of more than 1000000 items"),
    (1 << (1 << 20), "result: an int of 1048577 bits"),
    (deep(65), "result" + "[0]" * 64 + ": nested deeper than 64"),
    (deep(99, lambda inner: {"k": inner}), ": nested deeper than 64"),
    ({deep(99, lambda inner: (inner,))}, "result: a key nested deeper than 64"),
    (doubling(30), ": more than 1000000 items"),
    ([None] * 1_000_001, ": more than 1000000 items"),
    (["x" * (1 << 20)] * 65, "more than 67108864 bytes of numbers and text"),
    ([bytes(1 << 20)] * 1025, "result[1024]: more than 1073741824 bytes"),
]


@pytest.mark.parametrize("value, text", REFUSED, ids=[text[:40] for _, text in REFUSED])
def test_what_may_not_cross_is_refused_with_its_place_and_name(value, text):
    with pytest.raises(Unsupported) as caught:
        pack(value)
    assert text in str(caught.value)
    assert len(str(caught.value)) < 600


class Wrapper(torch.Tensor):
    """A tensor without memory, as fake and functional ones are."""

    @staticmethod
    def __new__(cls):
        return torch.Tensor._make_wrapper_subclass(cls, (2,))

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return Wrapper()


def test_tensors_without_memory_are_refused():
    def inner(x):
        with pytest.raises(Unsupported, match="result: a tensor without plain data"):
            pack(x)
        return x

    torch.vmap(inner)(torch.ones(2, 2))
    with pytest.raises(Unsupported, match=r"result: a tensor without plain data \(Wrapper\)"):
        pack(Wrapper())


def test_where_names_the_argument():
    with pytest.raises(Unsupported, match=r"^argument 2\[0\]: a function$"):
        pack([lambda: 0], where="argument 2")


def test_the_same_list_twice_is_no_cycle():
    shared, table = [1], {"k": 2}
    assert crossed([shared, shared, {"a": shared}]) == [[1], [1], {"a": [1]}]
    assert crossed([table, table, (table,)]) == [table, table, (table,)]


# ---- references ----


def test_references_cross_and_are_resolved():
    point, asked = Point(1), []

    def refer(value):
        asked.append(value)
        return Ref("handle", 7, "Point" * 100) if value is point else None

    message = pack({"a": [point, 1]}, refer=refer).copied()
    assert asked == [point]
    assert unpack(message, resolve=lambda ref: ref) == {"a": [Ref("handle", 7, "Point" * 40), 1]}
    with pytest.raises(WireError, match="a reference where only data may be"):
        unpack(message)
    with pytest.raises(Unsupported, match="a function"):
        pack([point, refer], refer=lambda value: refer(value) if value is point else None)


def test_what_resolve_raises_is_a_wire_error():
    message = pack(Point(1), refer=lambda value: Ref("callback", 99, "f"))
    with pytest.raises(WireError, match="KeyError"):
        unpack(message, resolve=lambda ref: {}[ref.id])


# ---- hostile heads ----


def head(ops=(), ints=(), floats=(), texts=(), raws=(), blobs=()):
    columns = (bytes(ops), list(ints), list(floats), list(texts), list(raws))
    return Message(msgspec.msgpack.encode(columns), tuple(blobs))


M, INLINE, BLOB = closed.MIXED, closed.INLINE, closed.BLOB
LIST, DICT, SET, NONE = closed.LIST, closed.DICT, closed.SET, closed.NONE
ARRAY, TENSOR, LEAF, INTS, FLOATS = (
    closed.ARRAY,
    closed.TENSOR,
    closed.LEAF,
    closed.INTS,
    closed.FLOATS,
)


def array_head(name, shape, data=b"", order=(), op=ARRAY):
    ints = (len(shape), *shape, len(order), *order)
    return head([op, INLINE], ints, texts=[name], raws=[data])


def collide(count):
    modulus = (1 << 61) - 1  # of the hash of ints
    raws = [(modulus * (k + 10)).to_bytes(20, "little") for k in range(count)]
    return head([SET, M, *[closed.BIG_INT] * count], [count], raws=raws)


HOSTILE = [
    (Message(b"", ()), "truncated"),
    (Message(b"\x95" + b"\x91" * 100_000, ()), "malformed"),
    (Message(b"\x91" * 1_000_000, ()), "malformed"),
    (Message(b"\x95\xc4\x00\xdd\xff\xff\xff\xff", ()), "length <= 1000000"),
    (Message(b"\x95\xc6\xff\xff\xff\xff", ()), "length <= 1000000"),
    (Message(b"\x95\xc4\x00\x91\xc0\x90\x90\x90", ()), "Expected `int`"),
    (Message(b"\x95\xc4\x00\x90\x90\x91\xa1\xff\x90", ()), "UnicodeDecodeError"),
    (Message(b"\xc7\x04\x01abcd", ()), "malformed"),
    (Message(pack(1).head + b"\0", ()), "trailing"),
    (head(), "cut short"),
    (head([255]), "no value of kind 255"),
    (head([M]), "no value of kind"),
    (head([NONE, NONE]), "goes on after its value"),
    (head([NONE], floats=[1.0]), "goes on after its value"),
    (head([NONE], blobs=[b"x"]), "goes on after its value"),
    (head([LIST]), "cut short"),
    (head([LIST, NONE], [0]), "a container has no body"),
    (head([LIST, M, NONE], [2]), "cut short"),
    (head([LIST, M], [-1]), "a container of -1 items"),
    (head([LIST, M], [2**62]), "a container of"),
    (head([LIST, INTS], [5, 1]), "cut short"),
    (head([LIST, INTS], [-5, 1]), "ValueError"),
    (head([LIST, INTS], [2**64 - 1, 1]), "ValueError"),
    (head([LIST, M] * 65, [1] * 65), "nested deeper than 64"),
    (head([LIST, M] * 500_000, [1] * 500_000), "nested deeper than 64"),
    (head([DICT, INTS, INTS], [2, 1, 2, 1, 1]), "more keys than values"),
    (head([DICT, INTS, INTS], [2, 1, 1, 2, 1, 1]), "two keys are equal"),
    (head([SET, M, closed.TRUE, closed.INT], [2, 1]), "two keys are equal"),
    (head([SET, FLOATS], [1], [math.nan]), "a key is NaN"),
    (head([SET, M, closed.TUPLE, FLOATS], [1, 1], [math.nan]), "a key is NaN"),
    (head([SET, M, LIST, M], [1, 0]), "a key of class list"),
    (head([SET, M, closed.TUPLE, M, SET, M], [1, 1, 0]), "a key of class set"),
    (head([SET, M, ARRAY, INLINE], [1, 0, 0], texts=["|u1"], raws=[b"x"]), "class ndarray"),
    (collide(5000), "chosen to collide"),
    (head([closed.BIG_INT], raws=[bytes(1 << 20)]), "an int is too long"),
    (head([closed.SURROGATES], raws=[b"\xff"]), "UnicodeDecodeError"),
    (head([closed.RANGE, *[closed.INT] * 3], [0, 9, 0]), "no step"),
    (head([closed.RANGE, *[closed.INT] * 3], [0, 2**62, 1]), "a range is too long"),
    (head([closed.RANGE, closed.TRUE]), "an int is missing"),
    (head([closed.BYTES, INLINE], [3], raws=[b"ab"]), "2 bytes where 3 were announced"),
    (head([closed.BYTES, NONE], [3], raws=[b"abc"]), "data of an array is missing"),
    (head([closed.BYTES, BLOB], [3]), "cut short"),
    (head([closed.BYTES, BLOB], [3], blobs=[b"abcd"]), "4 bytes where 3 were announced"),
    (array_head("|O", (1,), bytes(8)), "no dtype"),
    (array_head("|V8", (1,), bytes(8)), "no dtype"),
    (array_head("<M8[s]", (1,), bytes(8)), "no dtype"),
    (array_head("<f16", (1,), bytes(16)), "no dtype"),
    (array_head("f4,O", (1,), bytes(12)), "no dtype"),
    (array_head("<U0", (1,)), "no dtype"),
    (array_head("<U99999999", (1,)), "no dtype"),
    (array_head("<U٣", (1,)), "no dtype"),
    (array_head("float32", (1,), bytes(4)), "no dtype"),
    (array_head("<f4", (2,), bytes(4)), "4 bytes where 8 were announced"),
    (array_head("<f4", (1,), bytes(8)), "8 bytes where 4 were announced"),
    (array_head("<f4", (-1,), bytes(4)), "a negative dimension"),
    (array_head("<f4", (-1, -1), bytes(4)), "a negative dimension"),
    (array_head("<f4", (0, 2**60)), "an array is too large"),
    (array_head("<f4", (2**33, 2**31, 4)), "an array is too large"),
    (array_head("<f4", (0,) * 33), "33 dimensions"),
    (array_head("<f4", (2, 2), bytes(16), (0, 0)), "no permutation"),
    (array_head("<f4", (2, 2), bytes(16), (0, 2)), "no permutation"),
    (array_head("<f4", (2, 2), bytes(16), (-1, 0)), "no permutation"),
    (array_head("<f4", (2, 2), bytes(16), (0,)), "no permutation"),
    (array_head("|b1", (2,), b"\x01\x02"), "neither 0 nor 1"),
    (array_head("<U1", (1,), b"\0\0\x11\0"), "beyond Unicode"),
    (array_head(">U1", (1,), b"\0\x11\0\0"), "beyond Unicode"),
    (array_head("bool", (2,), b"\x01\x02", op=TENSOR), "neither 0 nor 1"),
    (array_head("qint8", (2,), b"ab", op=TENSOR), "no torch dtype"),
    (array_head("__name__", (2,), b"ab", op=TENSOR), "no torch dtype"),
    (array_head("float32", (2,), b"ab", op=TENSOR), "2 bytes where 8 were announced"),
    (array_head("float32", (0, 2**60), op=TENSOR), "an array is too large"),
    (array_head("int64", (1,), bytes(8), op=LEAF), "can't require a gradient"),
    (head([closed.SCALAR], texts=["<f4"], raws=[b"abc"]), "another size"),
    (head([closed.SCALAR], texts=["|S3"], raws=[b"abc"]), "another size"),
    (head([closed.SCALAR], texts=["|b1"], raws=[b"\x02"]), "neither 0 nor 1"),
    (head([closed.NUMPY_TEXT, NONE]), "a text is missing"),
    (head([closed.NUMPY_BYTES, NONE]), "bytes are missing"),
    (head([closed.NUMPY_DTYPE], texts=["O"]), "no dtype"),
    (head([closed.TORCH_DTYPE], texts=["nn"]), "no torch dtype"),
    (head([closed.REF, closed.TEXT], [1], texts=["module", "os"]), "a malformed reference"),
    (head([closed.REF, closed.TEXT], [-1], texts=["handle", "x"]), "a malformed reference"),
    (head([closed.REF, closed.TEXT], [1], texts=["handle", "x" * 201]), "a malformed reference"),
    (Message(bytes((64 << 20) + 1), ()), "too large"),
    (Message(pack(1).head, (b"",) * 65_537), "too large"),
    (Message(pack(1).head, (None,)), "TypeError"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("message, text", HOSTILE, ids=[text for _, text in HOSTILE])
def test_a_hostile_head_is_a_wire_error(message, text):
    started = time.perf_counter()
    with pytest.raises(WireError) as caught:
        unpack(message, resolve=lambda ref: ref)
    assert text in str(caught.value)
    assert len(str(caught.value)) < 300
    assert time.perf_counter() - started < 5


def test_small_limits_are_kept_on_both_sides():
    for value, limits, told in (
        ([[1]], Limits(depth=1), "nested deeper"),
        ([None] * 10, Limits(items=9), "more than 9 items"),
        ([1.0] * 10, Limits(items=9), "more than 9 items"),
        ([torch.ones(1)] * 3, Limits(arrays=2), "more than 2 arrays"),
        ("x" * 100, Limits(head=50), "more than 50 bytes"),
        (torch.ones(100), Limits(bytes=300), "more than 300 bytes"),
        (1 << 100, Limits(integer=8), "an int of 101 bits"),
        (range(20), Limits(items=9), "range of more"),
    ):
        with pytest.raises(Unsupported, match=told):
            pack(value, limits=limits)
        with pytest.raises(WireError):
            unpack(pack(value), limits=limits)


def test_arrays_beyond_the_number_of_blobs_go_into_the_head():
    value = [np.full(100, i) for i in range(5)]
    message = pack(value, limits=Limits(blobs=2))
    assert len(message.blobs) == 2
    assert same(value, unpack(message.copied(), limits=Limits(blobs=2)))


# ---- mutation ----


def corpus() -> list[Message]:
    """Return valid messages that between them use everything."""
    point = object()
    array = np.arange(24, dtype=np.float32)
    everything: list[Any] = [
        [None, True, False, 1, -5, 1 << 99, 2.5, -0.0, 1j, "text", "\ud800", b"bytes", range(3)],
        [[1, 2, 3], [1.0, 2.0], ["a", "b"], (), [], ((1, "x"), [2.5])],
        {"a": 1, 2: "b", (1, 2): {3.5, None}, b"k": frozenset({1, 2}), True: {}},
        [array, array.reshape(2, 3, 4).transpose(2, 0, 1), np.array(["é", "ab"]), np.array([b"x"])],
        [np.float32(1.5), np.int8(3), np.bool_(True), np.str_("x\0"), np.bytes_(b"y\0")],
        [torch.ones(2, 3), torch.ones(3, 2).t(), torch.ones(2, requires_grad=True)],
        [torch.tensor([True, False]), torch.ones(300, dtype=torch.bfloat16), torch.zeros(0)],
        [np.zeros((9, 9), bool), np.array(["x" * 80, "é"], ">U80")],
        [torch.float16, np.dtype(">i4"), np.arange(100), bytes(600), np.zeros((0, 4))],
        {"handle": point, "nested": [{"x": [(point, torch.zeros(()))]}]},
        {k: float(k) for k in range(100)},
        doubling(3),
    ]
    return [pack(v, refer=lambda value: Ref("handle", 3, "point")).copied() for v in everything]


def mutated(rng: random.Random, messages: list[Message]) -> Message:
    """Return a message that was changed: its bytes, or its columns and blobs."""
    message = rng.choice(messages)
    if rng.random() < 0.3:
        return Message(mutated_bytes(rng, message.head), message.blobs)
    columns = [list(column) for column in msgspec.msgpack.decode(message.head)]
    blobs = [bytes(blob) for blob in message.blobs]
    strangers = [list(column) for column in msgspec.msgpack.decode(rng.choice(messages).head)]
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        number = rng.randrange(6)
        column = blobs if number == 5 else columns[number]
        position = rng.randrange(len(column) + 1)
        stretch = slice(position, position + rng.choice([0, 1, 1, 1, 2, 5]))
        if rng.random() < 0.3 and number < 5:
            start = rng.randrange(len(strangers[number]) + 1)
            column[stretch] = strangers[number][start : start + rng.randrange(4)]
        else:
            column[stretch] = [mutant(rng, number, column) for _ in range(rng.choice([0, 1, 1, 2]))]
    head = msgspec.msgpack.encode((bytes(columns[0]), *columns[1:]))
    owned = rng.random() < 0.5
    return Message(head, tuple(blobs), owned=False if not owned else rng.random() < 0.5)


def mutant(rng: random.Random, number: int, column: list[Any]) -> Any:
    if number == 0:
        return rng.choice([rng.randrange(len(unpacking._READERS)), rng.randrange(30, 44)])
    if number == 1:
        edge = rng.choice([0, 0, 1 << 16, 1 << 31, 1 << 32, 1 << 62, (1 << 63) - 1, -(1 << 63) + 9])
        return edge + rng.randrange(-3, 6)
    if number == 2:
        return rng.choice([math.nan, math.inf, -0.0, 1e308, 5e-324, rng.random()])
    if number == 3:
        names = ["<f4", ">c16", "|O", "<U2", "|S9", "|b1", "float32", "bool", "float8_e5m2", "é"]
        return rng.choice([*names, "complex64", "handle", "x" * rng.randrange(300)])
    if column and rng.random() < 0.5:
        return mutated_bytes(rng, rng.choice(column))
    return rng.randbytes(rng.choice([0, 1, 2, 4, 8, 24, 96, 256, 600]))


def mutated_bytes(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4, 16])):
        position = rng.randrange(len(changed) + 1)
        way = rng.randrange(4)
        if way == 0 and position < len(changed):
            changed[position] ^= 1 << rng.randrange(8)
        elif way == 1:
            changed[position : position + rng.choice([0, 1])] = bytes([rng.randrange(256)])
        elif way == 2:
            del changed[position : position + rng.randrange(1, 9)]
        else:
            start = rng.randrange(len(changed) + 1)
            changed[position:position] = changed[start : start + rng.randrange(1, 17)]
    return bytes(changed)


PLAIN = (type(None), bool, int, float, complex, str, bytes, range, np.dtype, torch.dtype, Ref)


def assert_closed(value: Any) -> None:
    """Check that a decoded value is of the closed set, all of it readable."""
    if type(value) in (list, tuple, set, frozenset):
        for item in value:
            assert_closed(item)
    elif type(value) is dict:
        for item in (*value.keys(), *value.values()):
            assert_closed(item)
    elif type(value) is np.ndarray:
        assert value.flags.writeable and value.dtype.kind in "biufcUS"
        value.tolist()
    elif type(value) is torch.Tensor:
        storage, span = (
            value.untyped_storage(),
            sum((size - 1) * step for size, step in zip(value.shape, value.stride(), strict=True)),
        )
        assert not value.numel() or (span + 1) * value.itemsize <= storage.nbytes()
        value.detach().to(torch.complex128).sum().item()
    else:
        assert isinstance(value, (*PLAIN, np.generic)), type(value)


def survives(message: Message) -> bool:
    """Unpack a message that may be anything; tell whether it was valid, then it packs again."""
    try:
        value = unpack(message, resolve=lambda ref: ref)
    except WireError:
        return False
    assert_closed(value)
    again = pack(value, refer=lambda ref: ref)
    assert_closed(unpack(again.copied(), resolve=lambda ref: ref))
    return True


def test_mutations_of_valid_messages_are_valid_or_wire_errors():
    rng, messages, end = random.Random(0), corpus(), time.monotonic() + 2.5
    valid = [survives(mutated(rng, messages)) for _ in range(4000) if time.monotonic() < end]
    assert 0 < sum(valid) < len(valid)


def test_a_valid_corpus_survives():
    assert all(map(survives, corpus()))


# ---- frames ----


@pytest.fixture
def pair():
    left, right = socket.socketpair()
    yield left, right
    left.close()
    right.close()


@pytest.fixture
def pipes():
    ends = [*os.pipe(), *os.pipe()]
    yield PipeStream(ends[0], ends[3]), PipeStream(ends[2], ends[1])
    for end in ends:
        os.close(end)


def soon(seconds=5.0):
    return time.monotonic() + seconds


def frame(message):
    """Return the bytes of a frame."""
    sent = bytearray()

    class Into:
        def send_bytes(self, data, deadline):
            sent.extend(data)

        def recv_into(self, buffer, deadline):
            raise AssertionError

    send(Into(), message)
    return bytes(sent)


class From:
    """A stream of given bytes that then ends."""

    def __init__(self, data):
        self.data, self.asked = data, 0

    def send_bytes(self, data, deadline):
        raise AssertionError

    def recv_into(self, buffer, deadline):
        self.asked += buffer.nbytes
        if len(self.data) < buffer.nbytes:
            raise EOFError
        buffer[:] = self.data[: buffer.nbytes]
        self.data = self.data[buffer.nbytes :]


@pytest.mark.parametrize("streams", ["pair", "pipes"])
def test_messages_cross_a_stream_in_order(streams, request):
    left, right = request.getfixturevalue(streams)
    parcels = [1, {"a": np.arange(1000)}, torch.randn(1 << 18), [torch.ones(99)] * 40, "x" * 99999]

    def serve():
        for _ in parcels:
            send(right, receive(right, deadline=soon()), deadline=soon())

    thread = threading.Thread(target=serve)
    thread.start()
    for value in parcels:
        send(left, pack(value), deadline=soon())
        assert same(value, unpack(receive(left, deadline=soon())))
    thread.join()


def test_a_stream_of_a_socket_is_taken_as_well(pair):
    send(SocketStream(pair[0]), pack("x"))
    assert unpack(receive(SocketStream(pair[1]))) == "x"


@pytest.mark.parametrize("streams", ["pair", "pipes"])
def test_a_deadline_ends_receiving_and_sending(streams, request):
    left, right = request.getfixturevalue(streams)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(left, deadline=soon(0.05))
    with pytest.raises(TimeoutError):
        receive(left, deadline=soon(-1))
    with pytest.raises(TimeoutError):
        send(right, pack(bytes(1 << 24)), deadline=soon(0.05))
    assert time.monotonic() - started < 2


def test_a_trickle_does_not_outlive_the_deadline(pair):
    left, right = pair
    stop = threading.Event()

    def trickle():
        for byte in frame(pack("x" * 500)):
            if stop.wait(0.01):
                return
            right.send(bytes([byte]))

    thread = threading.Thread(target=trickle)
    thread.start()
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        receive(left, deadline=soon(0.15))
    assert time.monotonic() - started < 1
    stop.set()
    thread.join()


def test_the_timeout_of_a_socket_is_put_back(pair):
    left, right = pair
    left.settimeout(3.5)
    send(right, pack(1), deadline=soon())
    receive(left, deadline=soon())
    assert left.gettimeout() == 3.5 and right.gettimeout() is None


def test_a_peer_that_closes_is_an_end_of_file(pair):
    left, right = pair
    right.sendall(frame(pack("x" * 50))[:30])
    right.close()
    with pytest.raises(EOFError):
        receive(left, deadline=soon())
    with pytest.raises(EOFError):
        for _ in range(9):
            send(left, pack(bytes(1 << 20)), deadline=soon())
    left.close()
    with pytest.raises(EOFError):
        receive(left)


def test_a_pipe_that_closes_is_an_end_of_file():
    reader, writer = os.pipe()
    stream = PipeStream(reader, writer)
    os.write(writer, b"KWR1")
    os.close(writer)
    with pytest.raises(EOFError):
        receive(stream, deadline=soon())
    reader_of_none, writer = os.pipe()
    os.close(reader_of_none)
    with pytest.raises(EOFError):
        send(PipeStream(reader, writer), pack(1), deadline=soon())
    os.close(writer)
    os.close(reader)


def test_a_frame_cut_at_any_byte_is_an_end_of_file():
    for message in (corpus()[0], pack([np.arange(50), bytes(300)])):
        whole = frame(message)
        for size in range(len(whole)):
            with pytest.raises(EOFError):
                receive(From(whole[:size]))
        assert survives(receive(From(whole)))


def test_a_head_cut_at_any_byte_is_a_wire_error():
    for message in corpus():
        for size in range(len(message.head)):
            assert not survives(Message(message.head[:size], message.blobs))


def test_blobs_that_are_cut_or_left_out_are_wire_errors():
    for message in corpus():
        for i, blob in enumerate(message.blobs):
            before, after = message.blobs[:i], message.blobs[i + 1 :]
            assert not survives(Message(message.head, (*before, bytes(blob)[:-1], *after)))
            assert not survives(Message(message.head, (*before, bytes(blob) + b"x", *after)))
            assert not survives(Message(message.head, (*before, *after)))


@pytest.mark.parametrize(
    "start, rest, text",
    [
        ((b"HTTP", 0, 0), b"", "not the start of a message"),
        ((b"KWR1", 0, 1 << 63), b"", "too large"),
        ((b"KWR1", 0, (64 << 20) + 1), b"", "too large"),
        ((b"KWR1", (1 << 32) - 1, 5), b"", "too large"),
        ((b"KWR1", 65_537, 5), b"", "too large"),
        ((b"KWR1", 1, 5), struct.pack("<Q", (1 << 64) - 1), "too large"),
        ((b"KWR1", 2, 5), struct.pack("<QQ", 1 << 29, 1 << 29), "too large"),
    ],
)
def test_an_announced_size_is_refused_before_its_memory_is_asked_for(start, rest, text):
    stream = From(struct.pack("<4sIQ", *start) + rest)
    with pytest.raises(WireError, match=text):
        receive(stream)
    assert stream.asked == 16 + len(rest)


def test_memory_that_is_not_there_is_a_wire_error(monkeypatch):
    def none_left(*_):
        raise MemoryError

    whole = frame(pack(bytes(500)))
    monkeypatch.setattr(frames.np, "empty", none_left)
    with pytest.raises(WireError, match="no memory"):
        receive(From(whole))


def test_mutated_frames_are_messages_or_errors_of_the_wire():
    rng = random.Random(1)
    frames = [frame(message) for message in corpus()]
    for _ in range(1500):
        try:
            message = receive(From(mutated_bytes(rng, rng.choice(frames))))
        except (WireError, EOFError):
            continue
        survives(message)


# ---- cost ----


def test_a_small_message_costs_microseconds():
    value = {"a": 1, "b": 2.5, "name": "x", "scores": np.zeros(256, np.float32)}
    spent = []
    for _ in range(500):
        started = time.perf_counter()
        unpack(pack(value).copied())
        spent.append(time.perf_counter() - started)
    assert min(spent) < 200e-6  # 40 µs on a quiet machine


def test_torch_is_not_imported_until_a_tensor_arrives():
    import subprocess
    import sys

    code = (
        "import sys, numpy as np\n"
        "from autograder.sandbox.wire import pack, unpack\n"
        "unpack(pack([np.ones(3), {'a': 1}]))\n"
        "assert 'torch' not in sys.modules\n"
    )
    root = Path(frames.__file__).parents[3]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_what_was_read_ahead_is_the_next_message(pair):
    left, right = SocketStream(pair[0], ahead=1 << 16), pair[1]
    assert not left.has_news()
    values = [1, np.arange(3), "x" * 100_000, {"a": np.ones((2, 2))}, None]
    for value in values:
        send(right, pack(value))
    for value in values:
        assert left.has_news()
        assert same(value, unpack(receive(left, deadline=soon())))
    assert not left.has_news()
    right.close()
    assert left.has_news()
    with pytest.raises(EOFError):
        receive(left, deadline=soon())
