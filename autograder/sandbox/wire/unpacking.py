"""From a message, which may hold anything, to a value or an error of the wire."""

from __future__ import annotations

import collections
import functools
import math
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Annotated, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from autograder.sandbox.wire.closed import (
    BIG_INT,
    BLOB,
    BYTES,
    DIMENSIONS,
    FLOATS,
    INLINE,
    INT,
    INTS,
    KEY_TYPES,
    KINDS,
    MIXED,
    MOST_EQUAL_HASHES,
    NAME,
    SURROGATES,
    TEXT,
    TEXTS,
    TORCH_NAMES,
    elements,
    numpy_dtype,
    range_length,
    row_major,
    torch_dtypes,
)
from autograder.sandbox.wire.message import LIMITS, Buffer, Limits, Message, Ref, WireError, owned


def unpack(
    message: Message,
    *,
    resolve: Callable[[Ref], object] | None = None,
    limits: Limits = LIMITS,
) -> Any:
    """Rebuild the value; arrays are writable and their memory is theirs alone.

    `resolve` turns a `Ref` into an object; without it a reference is an error.

    Raises:
        WireError: for whatever is wrong with the message, and nothing else.
    """
    try:
        sizes = [len(message.head), *(memoryview(blob).nbytes for blob in message.blobs)]
        if sizes[0] > limits.head or len(sizes) > limits.blobs + 1 or sum(sizes) > limits.bytes:
            raise WireError("the message is too large")
        return _Unpacker(message, resolve, limits).result()
    except WireError:
        raise
    except StopIteration:
        raise WireError("the message is cut short") from None
    except msgspec.MsgspecError as error:
        raise WireError(f"the head is malformed: {str(error)[:200]}") from None
    except Exception as error:  # a message decides what is raised here, so all of it is its fault
        raise WireError(f"the message is malformed ({type(error).__name__})") from error


@functools.lru_cache(maxsize=16)
def _head_decoder(items: int) -> msgspec.msgpack.Decoder[Any]:
    """Return a decoder that knows each column's type and checks its length before it makes it."""
    most = msgspec.Meta(max_length=items)
    kinds = (bytes, list[int], list[float], list[str], list[bytes])
    columns = tuple(Annotated[kind, most] for kind in kinds)
    return msgspec.msgpack.Decoder(tuple.__class_getitem__(columns))


class _Unpacker:
    """Columns being read."""

    def __init__(
        self, message: Message, resolve: Callable[[Ref], object] | None, limits: Limits
    ) -> None:
        ops, ints, floats, texts, raws = _head_decoder(limits.items).decode(message.head)
        self.ops: Iterator[int] = iter(ops)
        self.ints: Iterator[int] = iter(ints)
        self.floats: Iterator[float] = iter(floats)
        self.texts: Iterator[str] = iter(texts)
        self.raws: Iterator[bytes] = iter(raws)
        self.blobs: Iterator[Buffer] = iter(message.blobs)
        self.owned = message.owned
        self.resolve = resolve
        self.limits = limits
        self.arrays = 0

    def result(self) -> Any:
        value = self.take(0)
        columns: Iterable[Iterator[object]] = (
            *(self.ops, self.ints, self.floats, self.texts, self.raws, self.blobs),
        )
        if any(next(column, None) is not None for column in columns):
            raise WireError("the message goes on after its value")
        return value

    def take(self, depth: int) -> Any:
        op = next(self.ops)
        if op >= len(_READERS):
            raise WireError(f"there is no value of kind {op}")
        return _READERS[op](self, depth)

    # Scalars

    def take_int(self, depth: int) -> int:
        return next(self.ints)

    def take_big_int(self, depth: int) -> int:
        raw = next(self.raws)
        if len(raw) > self.limits.integer:
            raise WireError("an int is too long")
        return int.from_bytes(raw, "little", signed=True)

    def take_any_int(self) -> int:
        op = next(self.ops)
        if op == INT:
            return next(self.ints)
        if op == BIG_INT:
            return self.take_big_int(0)
        raise WireError("an int is missing")

    def take_any_text(self) -> str:
        op = next(self.ops)
        if op == TEXT:
            return next(self.texts)
        if op == SURROGATES:
            return self.take_surrogates(0)
        raise WireError("a text is missing")

    def take_float(self, depth: int) -> float:
        return next(self.floats)

    def take_complex(self, depth: int) -> complex:
        return complex(next(self.floats), next(self.floats))

    def take_text(self, depth: int) -> str:
        return next(self.texts)

    def take_surrogates(self, depth: int) -> str:
        return next(self.raws).decode("utf-8", "surrogatepass")

    def take_bytes(self, depth: int) -> bytes:
        data = self.take_data(next(self.ints))
        return data if isinstance(data, bytes) else bytes(memoryview(data))

    def take_range(self, depth: int) -> range:
        start, stop, step = self.take_any_int(), self.take_any_int(), self.take_any_int()
        if step == 0 or range_length(start, stop, step) > self.limits.items:
            raise WireError("a range is too long, or has no step")
        return range(start, stop, step)

    # Containers

    def take_list(self, depth: int) -> list[Any]:
        return self.take_body(depth)

    def take_tuple(self, depth: int) -> tuple[Any, ...]:
        return tuple(self.take_body(depth))

    def take_set(self, depth: int) -> set[Any]:
        return set(self.take_keys(depth))

    def take_frozenset(self, depth: int) -> frozenset[Any]:
        return frozenset(self.take_keys(depth))

    def take_dict(self, depth: int) -> dict[Any, Any]:
        keys = self.take_keys(depth)
        values = self.take_body(depth)
        if len(keys) != len(values):
            raise WireError("a dict has more keys than values, or fewer")
        return dict(zip(keys, values, strict=True))

    def take_body(self, depth: int) -> list[Any]:
        if depth >= self.limits.depth:
            raise WireError(f"nested deeper than {self.limits.depth}")
        op, count = next(self.ops), next(self.ints)
        if op == MIXED:
            if not 0 <= count <= self.limits.items:
                raise WireError(f"a container of {count} items")
            return [self.take(depth + 1) for _ in range(count)]
        if op == INTS:
            return _stretch(self.ints, count)
        if op == FLOATS:
            return _stretch(self.floats, count)
        if op == TEXTS:
            return _stretch(self.texts, count)
        raise WireError("a container has no body")

    def take_keys(self, depth: int) -> list[Any]:
        keys = self.take_body(depth)
        for key in keys:
            _check_key(key)
        if len(keys) > MOST_EQUAL_HASHES:
            # Ints and floats hash without a secret: a million of one hash would take days.
            hashes = collections.Counter(map(hash, keys))
            if hashes.most_common(1)[0][1] > MOST_EQUAL_HASHES:
                raise WireError("the keys were chosen to collide")
        if len(set(keys)) != len(keys):
            raise WireError("two keys are equal")
        return keys

    # Arrays

    def take_dtype(self) -> np.dtype[Any]:
        name = next(self.texts)
        dtype = numpy_dtype(name)
        if dtype is None:
            raise WireError(f"there is no dtype {name[:40]!a}")
        return dtype

    def take_numpy_dtype(self, depth: int) -> np.dtype[Any]:
        return self.take_dtype()

    def take_torch_dtype(self, depth: int) -> Any:
        name = next(self.texts)
        if name not in TORCH_NAMES or name not in torch_dtypes():
            raise WireError(f"there is no torch dtype {name[:40]!a}")
        return torch_dtypes()[name]

    def take_scalar(self, depth: int) -> Any:
        dtype, raw = self.take_dtype(), next(self.raws)
        if dtype.kind in "US" or len(raw) != dtype.itemsize:
            raise WireError("a numpy scalar has another size than its dtype")
        array = np.frombuffer(raw, dtype)
        if dtype.kind == "b" and raw > b"\x01":
            raise WireError("a bool is neither 0 nor 1")
        return array[0]

    def take_numpy_text(self, depth: int) -> np.str_:
        return np.str_(self.take_any_text())

    def take_numpy_bytes(self, depth: int) -> np.bytes_:
        if next(self.ops) != BYTES:
            raise WireError("bytes are missing")
        return np.bytes_(self.take_bytes(depth))

    def take_array(self, depth: int) -> NDArray[Any]:
        dtype = self.take_dtype()
        shape, order, size = self.take_layout(dtype.itemsize)
        data = self.take_own_data(size)
        if dtype.kind == "b":
            _check_bools(data)
        elif dtype.kind == "U":
            _check_characters(data.view(np.dtype("u4").newbyteorder(dtype.byteorder)))
        within = [shape[axis] for axis in order]
        array = data.view(dtype).reshape(within) if size else np.empty(within, dtype)
        return array.transpose(np.argsort(order)) if order else array

    def take_tensor(self, depth: int) -> Any:
        dtype = self.take_torch_dtype(depth)
        import torch

        shape, order, size = self.take_layout(dtype.itemsize)
        data = self.take_own_data(size)
        if dtype is torch.bool:
            _check_bools(data)
        strides = [0] * len(shape)
        for axis, step in zip(order, row_major([shape[axis] for axis in order]), strict=True):
            strides[axis] = step
        if not size:
            return torch.empty_strided(shape, strides, dtype=dtype, device="cpu")
        # Not a view of the bytes: torch treats views, in place and as leaves, in ways of their own.
        storage = torch.from_numpy(data).untyped_storage()
        return torch.empty(0, dtype=dtype, device="cpu").set_(storage, 0, shape, strides)

    def take_leaf(self, depth: int) -> Any:
        tensor = self.take_tensor(depth)
        if not (tensor.is_floating_point() or tensor.is_complex()):
            raise WireError("a tensor of whole numbers can't require a gradient")
        return tensor.requires_grad_()

    def take_layout(self, itemsize: int) -> tuple[list[int], list[int], int]:
        """Read shape and order of axes; also return the bytes that the data must have."""
        self.arrays += 1
        if self.arrays > self.limits.arrays:
            raise WireError(f"more than {self.limits.arrays} arrays")
        shape = self.take_axes()
        if any(size < 0 for size in shape):
            raise WireError("a negative dimension")
        order = self.take_axes() or list(range(len(shape)))
        if sorted(order) != list(range(len(shape))):
            raise WireError("the order of the axes is no permutation")
        if elements(shape) * itemsize > self.limits.bytes:
            raise WireError("an array is too large")
        return shape, order, math.prod(shape) * itemsize

    def take_axes(self) -> list[int]:
        count = next(self.ints)
        if not 0 <= count <= DIMENSIONS:
            raise WireError(f"an array of {count} dimensions")
        return _stretch(self.ints, count)

    def take_data(self, size: int) -> Buffer:
        op = next(self.ops)
        if op not in (INLINE, BLOB):
            raise WireError("the data of an array is missing")
        data: Buffer = next(self.raws) if op == INLINE else next(self.blobs)
        if memoryview(data).nbytes != size:
            raise WireError(f"data of {memoryview(data).nbytes} bytes where {size} were announced")
        return data

    def take_own_data(self, size: int) -> NDArray[np.uint8]:
        data = self.take_data(size)
        own = data if self.owned and isinstance(data, memoryview) else owned(data)
        return np.frombuffer(own, np.uint8) if size else np.empty(0, np.uint8)

    # References

    def take_reference(self, depth: int) -> Any:
        ref = Ref(next(self.texts), next(self.ints), self.take_any_text())
        if ref.kind not in KINDS or ref.id < 0 or len(ref.name) > NAME:
            raise WireError("a malformed reference")
        if self.resolve is None:
            raise WireError("a reference where only data may be")
        return self.resolve(ref)


_READERS: tuple[Callable[[_Unpacker, int], Any], ...] = (
    lambda unpacker, depth: None,
    lambda unpacker, depth: False,
    lambda unpacker, depth: True,
    _Unpacker.take_int,
    _Unpacker.take_big_int,
    _Unpacker.take_float,
    _Unpacker.take_complex,
    _Unpacker.take_text,
    _Unpacker.take_surrogates,
    _Unpacker.take_bytes,
    _Unpacker.take_list,
    _Unpacker.take_tuple,
    _Unpacker.take_set,
    _Unpacker.take_frozenset,
    _Unpacker.take_dict,
    _Unpacker.take_range,
    _Unpacker.take_array,
    _Unpacker.take_scalar,
    _Unpacker.take_numpy_text,
    _Unpacker.take_numpy_bytes,
    _Unpacker.take_tensor,
    _Unpacker.take_leaf,
    _Unpacker.take_numpy_dtype,
    _Unpacker.take_torch_dtype,
    _Unpacker.take_reference,
)


def _stretch(column: Iterator[Any], count: int) -> list[Any]:
    """Take the next values of a column."""
    values = list(islice(column, count))
    if len(values) != count:
        raise WireError("the message is cut short")
    return values


def _check_key(key: Any) -> None:
    kind = id(type(key))
    if kind not in KEY_TYPES:
        raise WireError(f"a key of class {type(key).__name__}")
    if type(key) is tuple:
        for part in key:
            _check_key(part)
    elif key != key:
        raise WireError("a key is NaN")


def _check_bools(data: NDArray[np.uint8]) -> None:
    if data.size and data.max() > 1:
        raise WireError("a bool is neither 0 nor 1")


def _check_characters(codes: NDArray[np.uint32]) -> None:
    if codes.size and codes.max() > sys.maxunicode:
        raise WireError("a character of an array is beyond Unicode")
