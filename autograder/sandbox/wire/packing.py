"""From a value to a message; the value may be whatever a submission returned."""

from __future__ import annotations

import collections
import sys
from collections.abc import Callable, Iterable, Sequence
from json import dumps
from types import NoneType
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from autograder.sandbox.wire.closed import (
    ARRAY,
    BIG_INT,
    BLOB,
    BYTES,
    COMPLEX,
    DICT,
    DIMENSIONS,
    FALSE,
    FLOAT,
    FLOATS,
    FROZENSET,
    INLINE,
    INT,
    INTS,
    KEY_TYPES,
    KINDS,
    LEAF,
    LIST,
    MIXED,
    NAME,
    NONE,
    NUMPY_BYTES,
    NUMPY_DTYPE,
    NUMPY_SCALARS,
    NUMPY_TEXT,
    RANGE,
    REF,
    SCALAR,
    SET,
    SMALL,
    SURROGATES,
    TENSOR,
    TEXT,
    TEXTS,
    TORCH_DTYPE,
    TRUE,
    TUPLE,
    axis_order,
    elements,
    numpy_name,
    range_length,
    torch_names,
)
from autograder.sandbox.wire.message import LIMITS, Buffer, Limits, Message, Ref, Unsupported


def pack(
    value: object,
    *,
    refer: Callable[[object], Ref | None] | None = None,
    where: str = "result",
    limits: Limits = LIMITS,
) -> Message:
    """Pack a value; array data is not copied, so send or copy the message before it changes.

    `refer` is asked for every object outside the closed set, before it is refused.

    Raises:
        Unsupported: if something may not cross, or is beyond the limits.
        MemoryError: if an array that is not dense can't be copied.
    """
    packer = _Packer(refer, limits)
    try:
        packer.put(value, 0)
        head = packer.head()
    except _Refused as refused:
        path = "".join(reversed(refused.path))
        raise Unsupported(f"{where}{path}: {refused.what}") from None
    except RecursionError:
        raise Unsupported(f"{where}: nested deeper than the stack allows") from None
    return Message(head, tuple(packer.blobs))


class _Refused(Exception):
    """What is refused; the frames above add where, innermost first."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.path: list[str] = []


class _Packer:
    """Columns being filled."""

    def __init__(self, refer: Callable[[object], Ref | None] | None, limits: Limits) -> None:
        self.refer = refer
        self.limits = limits
        self.ops = bytearray()
        self.ints: list[int] = []
        self.floats: list[float] = []
        self.texts: list[str] = []
        self.raws: list[bytes] = []
        self.blobs: list[Buffer] = []
        self.arrays = 0
        self.inline = 0  # bytes in texts and raws
        self.beside = 0  # bytes in blobs
        self.open: set[int] = set()  # the containers that are being packed

    def head(self) -> bytes:
        self.bound()
        columns = (self.ops, self.ints, self.floats, self.texts, self.raws)
        head = msgspec.msgpack.encode(columns)
        if len(head) > self.limits.head:
            raise _Refused(f"more than {self.limits.head} bytes of numbers and text")
        if len(head) + self.beside > self.limits.bytes:
            raise _Refused(f"more than {self.limits.bytes} bytes")
        return head

    def bound(self) -> None:
        columns: tuple[Sequence[object], ...] = (self.ints, self.floats, self.texts, self.raws)
        if max(len(self.ops), *map(len, columns)) > self.limits.items:
            raise _Refused(f"more than {self.limits.items} items")

    def spend(self, size: int) -> None:
        """Count bytes that go into the head."""
        self.inline += size
        if self.inline > self.limits.head:
            raise _Refused(f"more than {self.limits.head} bytes of numbers and text")

    def put(self, value: Any, depth: int) -> None:
        # By id, since a metaclass may have a __hash__ and an __eq__ of its own.
        write = _WRITERS.get(id(type(value)))
        if write is None:
            self.put_other(value, depth)
        else:
            write(self, value, depth)
        if len(self.ops) > self.limits.items:
            raise _Refused(f"more than {self.limits.items} items")

    def put_other(self, value: Any, depth: int) -> None:
        """Put what is not exactly of a builtin type: arrays, subclasses, references."""
        kind = type(value)
        torch: Any = sys.modules.get("torch")
        tensor = getattr(torch, "Tensor", None)
        if isinstance(tensor, type) and issubclass(kind, tensor):
            self.put_tensor(value, torch)
        elif id(kind) in NUMPY_SCALARS:
            self.put_scalar(value)
        elif issubclass(kind, np.ndarray):
            self.put_array(np.ndarray.view(value, np.ndarray))
        elif issubclass(kind, np.dtype):
            name = numpy_name(value)
            if name is None:
                raise _Refused(f"the dtype {_short(str(value))}")
            self.ops.append(NUMPY_DTYPE)
            self.texts.append(name)
        elif (dtype := getattr(torch, "dtype", None)) is not None and kind is dtype:
            if value not in torch_names():
                raise _Refused(f"the dtype {_short(str(value))}")
            self.ops.append(TORCH_DTYPE)
            self.texts.append(torch_names()[value])
        else:
            self.put_subclass(value, depth)

    def put_subclass(self, value: Any, depth: int) -> None:
        """Put an object of a subclass as its base, any other as a reference."""
        for base in _CONTAINERS:
            if issubclass(type(value), base):
                return _WRITERS[id(base)](self, value, depth)
        for base, plain in _PLAIN:
            if issubclass(type(value), base):
                return _WRITERS[id(base)](self, plain(value), depth)
        return self.put_reference(value)

    def put_reference(self, value: object) -> None:
        ref = None if self.refer is None else self.refer(value)
        if ref is None:
            raise _Refused(_describe(value))
        if ref.kind not in KINDS:
            raise ValueError(f"a reference of kind {ref.kind!r}; expected one of {KINDS}")
        self.ops.append(REF)
        self.ints.append(ref.id)
        self.texts.append(ref.kind)
        self.put_text(ref.name[:NAME], 0)

    # Scalars

    def put_none(self, value: None, depth: int) -> None:
        self.ops.append(NONE)

    def put_bool(self, value: bool, depth: int) -> None:
        self.ops.append(TRUE if value else FALSE)

    def put_int(self, value: int, depth: int) -> None:
        if -(1 << 63) <= value < 1 << 64:
            self.ops.append(INT)
            self.ints.append(value)
            return
        size = value.bit_length() // 8 + 1
        if size > self.limits.integer:
            raise _Refused(f"an int of {value.bit_length()} bits")
        self.spend(size)
        self.ops.append(BIG_INT)
        self.raws.append(value.to_bytes(size, "little", signed=True))

    def put_float(self, value: float, depth: int) -> None:
        self.ops.append(FLOAT)
        self.floats.append(value)

    def put_complex(self, value: complex, depth: int) -> None:
        self.ops.append(COMPLEX)
        self.floats += (value.real, value.imag)

    def put_text(self, value: str, depth: int) -> None:
        self.spend(len(value))
        if _encodable(value):
            self.ops.append(TEXT)
            self.texts.append(value)
        else:
            self.ops.append(SURROGATES)
            self.raws.append(value.encode("utf-8", "surrogatepass"))

    def put_bytes(self, value: bytes, depth: int) -> None:
        self.ops.append(BYTES)
        self.ints.append(len(value))
        self.put_data(memoryview(value))

    def put_range(self, value: range, depth: int) -> None:
        limits = (value.start, value.stop, value.step)
        if range_length(*limits) > self.limits.items:
            raise _Refused(f"a range of more than {self.limits.items} items")
        self.ops.append(RANGE)
        for limit in limits:
            self.put_int(limit, depth)

    # Containers

    def put_list(self, value: list[Any], depth: int) -> None:
        self.put_items(LIST, value, list.__getitem__(value, slice(None)), depth)

    def put_tuple(self, value: tuple[Any, ...], depth: int) -> None:
        self.put_items(TUPLE, value, tuple.__getitem__(value, slice(None)), depth)

    def put_set(self, value: set[Any], depth: int) -> None:
        self.put_items(SET, value, self.plain_keys(set.__iter__(value)), depth)

    def put_frozenset(self, value: frozenset[Any], depth: int) -> None:
        self.put_items(FROZENSET, value, self.plain_keys(frozenset.__iter__(value)), depth)

    def put_dict(self, value: dict[Any, Any], depth: int) -> None:
        # An OrderedDict has an order of its own, which dict's methods do not see.
        kind = collections.OrderedDict if issubclass(type(value), collections.OrderedDict) else dict
        values = list(kind.values(value))
        self.enter(value, depth)
        keys = self.plain_keys(kind.keys(value))
        self.ops.append(DICT)
        self.put_body(keys, depth + 1, lambda position: "")
        self.put_body(values, depth + 1, lambda position: f"[{_key_text(keys[position])}]")
        self.open.discard(id(value))

    def put_items(self, op: int, value: object, items: Sequence[Any], depth: int) -> None:
        self.enter(value, depth)
        self.ops.append(op)
        self.put_body(items, depth + 1, lambda position: f"[{position}]")
        self.open.discard(id(value))

    def enter(self, value: object, depth: int) -> None:
        if id(value) in self.open:
            raise _Refused(f"{_article(_name(type(value)))} that contains itself")
        if depth >= self.limits.depth:
            raise _Refused(f"nested deeper than {self.limits.depth}")
        self.open.add(id(value))

    def put_body(self, items: Sequence[Any], depth: int, place: Callable[[int], str]) -> None:
        if self.put_stretch(items):
            return
        self.ops.append(MIXED)
        self.ints.append(len(items))
        position = 0
        try:
            for position, item in enumerate(items):  # noqa: B007
                self.put(item, depth)
        except _Refused as refused:
            refused.path.append(place(position))
            raise

    def put_stretch(self, items: Sequence[Any]) -> bool:
        """Put items as a stretch of one column, if all are floats, small ints or plain texts."""
        kinds = set(map(id, map(type, items)))
        if len(kinds) != 1:
            return False
        column: list[Any]
        if _FLOAT_ID in kinds:
            op, column = FLOATS, self.floats
        elif _INT_ID in kinds and min(items) >= -(1 << 63) and max(items) < 1 << 64:
            op, column = INTS, self.ints
        elif _TEXT_ID in kinds and all(map(_encodable, items)):
            self.spend(sum(map(len, items)))
            op, column = TEXTS, self.texts
        else:
            return False
        self.ops.append(op)
        self.ints.append(len(items))
        column.extend(items)
        self.bound()
        return True

    def plain_keys(self, keys: Iterable[Any]) -> list[Any]:
        plain = [self.plain_key(key, 0) for key in list(keys)]
        if len(set(plain)) != len(plain):
            raise _Refused("two keys that are equal as plain data")
        return plain

    def plain_key(self, key: Any, depth: int) -> Any:
        """Return a key as an object of an exact builtin or numpy type, safe to hash."""
        kind = type(key)
        if id(kind) not in KEY_TYPES:
            for base, plain in _PLAIN_KEYS:
                if issubclass(kind, base):
                    key = plain(key)
                    break
            else:
                what = _describe(key)
                raise _Refused(f"a key that is {what}")
        if type(key) is tuple:
            if depth >= self.limits.depth:
                raise _Refused(f"a key nested deeper than {self.limits.depth}")
            return tuple([self.plain_key(part, depth + 1) for part in key])
        if key != key:
            raise _Refused("a key that is NaN")
        return key

    # Arrays

    def put_scalar(self, value: Any) -> None:
        kind = type(value)
        if kind is np.str_:
            self.ops.append(NUMPY_TEXT)
            self.put_text(str.__str__(value), 0)
        elif kind is np.bytes_:
            self.ops.append(NUMPY_BYTES)
            self.put_bytes(bytes.__getitem__(value, slice(None)), 0)
        else:
            self.ops.append(SCALAR)
            self.texts.append(value.dtype.str)
            self.raws.append(value.tobytes())

    def put_array(self, array: NDArray[Any]) -> None:
        dtype, shape = array.dtype, array.shape
        name = numpy_name(dtype)
        if name is None:
            raise _Refused(f"an array of dtype {_short(str(dtype))}")
        self.count_array("an array", shape, dtype.itemsize)
        even = all(stride % dtype.itemsize == 0 for stride in array.strides)
        strides = [stride // dtype.itemsize for stride in array.strides]
        order = axis_order(shape, strides) if even else None
        if order is None:
            array, order = np.array(array, order="C", copy=True), ()
        self.ops.append(ARRAY)
        self.texts.append(name)
        self.put_layout(shape, order)
        flat = (array.transpose(order) if order else array).reshape(-1)
        data = flat.view(np.uint8) if flat.size else np.empty(0, np.uint8)
        self.put_data((_only_bits(data) if dtype.kind == "b" else data).data)

    def put_tensor(self, value: Any, torch: Any) -> None:
        with torch._C.DisableTorchFunction():
            try:
                needs_grad = torch.Tensor.requires_grad.__get__(value)
                if type(value) is not torch.Tensor:
                    value = torch.Tensor.as_subclass(value, torch.Tensor)
                self.put_plain_tensor(value.detach(), needs_grad, torch)
            except (RuntimeError, TypeError) as error:
                if "allocate memory" in str(error):
                    raise MemoryError from None
                # A fake or functional tensor, or one inside vmap.
                raise _Refused(f"a tensor without plain data ({_name(type(value))})") from None

    def put_plain_tensor(self, tensor: Any, needs_grad: bool, torch: Any) -> None:
        if tensor.is_nested:
            raise _Refused("a nested tensor")
        if tensor.layout is not torch.strided:
            raise _Refused(f"a tensor of layout {tensor.layout}")
        if tensor.is_meta:
            raise _Refused("a tensor on the meta device")
        name = torch_names().get(tensor.dtype)
        if name is None:
            raise _Refused(f"a tensor of dtype {tensor.dtype}")
        shape = tuple(tensor.shape)
        self.count_array("a tensor", shape, tensor.dtype.itemsize)
        if tensor.is_conj() or tensor.is_neg():
            tensor = tensor.resolve_conj().resolve_neg()
        if not tensor.is_cpu:
            tensor = tensor.cpu()
        order = axis_order(shape, tensor.stride())
        if order is None:
            tensor, order = tensor.contiguous(), ()
        self.ops.append(LEAF if needs_grad else TENSOR)
        self.texts.append(name)
        self.put_layout(shape, order)
        flat = (tensor.permute(order) if order else tensor).reshape(-1)
        if flat.numel() == 1 and flat.stride() != (1,):
            # One element may have any stride; then neither contiguous() nor clone() changes it.
            flat = flat.as_strided((1,), (1,))
        data = flat.view(torch.uint8).numpy() if flat.numel() else np.empty(0, np.uint8)
        self.put_data((_only_bits(data) if name == "bool" else data).data)

    def count_array(self, what: str, shape: tuple[int, ...], itemsize: int) -> None:
        if len(shape) > DIMENSIONS:
            raise _Refused(f"{what} of {len(shape)} dimensions")
        if elements(shape) * itemsize > self.limits.bytes:
            raise _Refused(f"{what} of shape {shape}, more than {self.limits.bytes} bytes")
        self.arrays += 1
        if self.arrays > self.limits.arrays:
            raise _Refused(f"more than {self.limits.arrays} arrays")

    def put_layout(self, shape: tuple[int, ...], order: tuple[int, ...]) -> None:
        self.ints += (len(shape), *shape, len(order), *order)
        if len(self.ints) > self.limits.items:
            raise _Refused(f"more than {self.limits.items} items")

    def put_data(self, data: memoryview) -> None:
        if data.nbytes < SMALL or len(self.blobs) >= self.limits.blobs:
            self.spend(data.nbytes)
            self.ops.append(INLINE)
            self.raws.append(bytes(data))
        else:
            self.beside += data.nbytes
            if self.beside > self.limits.bytes:
                raise _Refused(f"more than {self.limits.bytes} bytes")
            self.ops.append(BLOB)
            self.blobs.append(data)


_FLOAT_ID, _INT_ID, _TEXT_ID = id(float), id(int), id(str)

_WRITERS: dict[int, Callable[[_Packer, Any, int], None]] = {
    id(NoneType): _Packer.put_none,
    id(bool): _Packer.put_bool,
    id(int): _Packer.put_int,
    id(float): _Packer.put_float,
    id(complex): _Packer.put_complex,
    id(str): _Packer.put_text,
    id(bytes): _Packer.put_bytes,
    id(bytearray): lambda packer, value, depth: packer.put_bytes(bytes(value), depth),
    id(range): _Packer.put_range,
    id(list): _Packer.put_list,
    id(tuple): _Packer.put_tuple,
    id(dict): _Packer.put_dict,
    id(set): _Packer.put_set,
    id(frozenset): _Packer.put_frozenset,
}


# How an object of a subclass is read, by methods of the base alone.
_PLAIN: tuple[tuple[type[Any], Callable[[Any], Any]], ...] = (
    (int, int.__index__),
    (float, float.__float__),
    (complex, complex.__pos__),
    (str, str.__str__),
    (bytes, lambda value: bytes.__getitem__(value, slice(None))),
    (bytearray, lambda value: bytearray.__getitem__(value, slice(None))),
    (tuple, lambda value: tuple.__getitem__(value, slice(None))),
)
_CONTAINERS = (list, tuple, dict, set, frozenset)
_PLAIN_KEYS = tuple(row for row in _PLAIN if row[0] in (int, float, str, bytes, tuple))


def _encodable(text: str) -> bool:
    """Tell whether a text is without lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _only_bits(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the bytes of booleans as 0 and 1; a view of other data as bool may hold others."""
    return (data != 0).view(np.uint8) if data.size and data.max() > 1 else data


def _name(kind: type) -> str:
    """Return the name of a class, whatever its metaclass says, cut and printable."""
    return _short(str.__str__(type.__dict__["__name__"].__get__(kind)))


def _describe(value: object) -> str:
    kind = type(value)
    if issubclass(kind, type):
        return f"the class {_name(value)}"  # type: ignore[arg-type]
    module = type.__dict__["__module__"].__get__(kind)
    if issubclass(kind, np.generic):
        return f"a numpy scalar of type {_name(kind)}"
    if type(module) is str and module == "builtins":
        return _article(_name(kind))
    return f"an object of class {_name(kind)}"


def _article(name: str) -> str:
    return f"an {name}" if name[:1] in "aeiou" else f"a {name}"


def _short(text: str) -> str:
    return _cut(text if text.isprintable() else ascii(text))


def _cut(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def _key_text(key: Any) -> str:
    if type(key) is str:
        return dumps(_cut(key), ensure_ascii=not key.isprintable())
    if type(key) is tuple:
        return _short(f"({', '.join(map(_key_text, key[:8]))})")
    if type(key) is int and key.bit_length() > 128:
        return "a large int"
    return _short(repr(key))
