"""Recognise the values that results are made of, without importing what they come from."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import numpy as np

    Array = np.ndarray[Any, Any]

__tracebackhide__ = True

NUMBERS = ("int", "float", "complex")
_HASHED_ALIKE = sys.hash_info.modulus


def numpy_kind(value: object) -> str | None:
    """Return "array" or "scalar" for what numpy made, else None."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, getattr(numpy, "ndarray", ())):
        return "array"
    return "scalar" if isinstance(value, getattr(numpy, "generic", ())) else None


def is_tensor(value: object) -> bool:
    """Return whether torch is there and made this value."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, getattr(torch, "Tensor", ()))


def family(value: object) -> str:
    """Name the family of a value, or "other".

    One of none, bool, int, float, complex, text, bytes, sequence, dict, set, array, tensor. Scalars
    of numpy belong to the numbers; its arrays without axes do once `unwrapped`.
    """
    if value is None:
        return "none"
    for kinds, name in _FAMILIES:
        if isinstance(value, kinds):
            return name
    made_by_numpy = numpy_kind(value)
    if made_by_numpy == "array":
        return "array"
    if made_by_numpy == "scalar":
        return _SCALARS.get(getattr(getattr(value, "dtype", None), "kind", ""), "other")
    return "tensor" if is_tensor(value) else "other"


_FAMILIES: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (complex, "complex"),
    (str, "text"),
    ((bytes, bytearray), "bytes"),
    ((list, tuple, range), "sequence"),
    (dict, "dict"),
    ((set, frozenset), "set"),
)
_SCALARS = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}


def unwrapped(value: Any) -> Any:
    """Return the scalar that a numpy array without axes holds; anything else as it is."""
    if numpy_kind(value) == "array" and value.ndim == 0 and value.dtype.kind in "biufcSU":
        return value[()]
    return value


def plain(value: Any) -> Any:
    """Return the Python number in a numpy scalar; anything else as it is."""
    if numpy_kind(value) != "scalar" or family(value) == "other":
        return value
    held = value.item()
    if numpy_kind(held) == "scalar":  # longdouble, which Python has no number for
        return complex(held) if family(held) == "complex" else float(held)
    return held


def dtype_name(value: Any) -> str:
    """Return the name of the dtype that numpy and torch share; Python's numbers have one too."""
    if isinstance(value, bool):
        return "bool"
    if numpy_kind(value) is None and not is_tensor(value):
        return {"int": "int64", "float": "float64", "complex": "complex128"}.get(family(value), "")
    return str(value.dtype).removeprefix("torch.")


def dtype_kind(name: str) -> str:
    """Return bool, int, float, complex or other."""
    if name == "bool":
        return "bool"
    if name.startswith(("int", "uint", "qint", "quint")):
        return "int"
    if name.startswith(("float", "bfloat", "longdouble")):
        return "float"
    return "complex" if name.startswith("complex") else "other"


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape as plain integers."""
    return tuple(int(size) for size in value.shape)


def as_numpy(value: Any) -> Array:
    """Return the values of a tensor or array as a plain array on the CPU.

    What numpy has no dtype for (bfloat16, float8) becomes float32, which holds it exactly.
    """
    import numpy as np

    if not is_tensor(value):
        return np.asarray(value)
    torch = sys.modules["torch"]
    tensor = value.detach()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    name = dtype_name(tensor)
    if name == "bfloat16" or name.startswith(("float8", "float4")):
        tensor = tensor.to(torch.float32)
    elif name == "complex32":
        tensor = tensor.to(torch.complex64)
    array: Array = tensor.cpu().resolve_conj().resolve_neg().numpy()
    return array


def number_table(value: Any) -> tuple[Array, set[str]] | None:
    """Return a list of numbers, or of equally long lists of numbers, as a float64 array.

    With it come the names of its dtypes. None where something else is in it, or no float.
    """
    rows = [row for row in value if family(row) == "sequence"]
    if rows and (len(rows) != len(value) or len({len(row) for row in rows}) != 1):
        return None
    flat = [element for row in rows for element in row] if rows else list(value)
    kinds = set(map(type, flat))
    names = set()
    for kind in kinds:
        sample = next(element for element in flat if type(element) is kind)
        if numpy_kind(sample) == "array" or family(sample) not in ("int", "float"):
            return None
        if family(sample) == "float":
            names.add(dtype_name(sample))
    if not names:
        return None
    import numpy as np

    try:
        table = np.array(flat, dtype=np.float64)
    except (OverflowError, ValueError, TypeError):
        return None
    if int in kinds and np.any(np.abs(table) > 2**53):
        return None
    return (table.reshape(len(rows), -1) if rows else table), names


def key_of(value: Any) -> Any:
    """Return something hashable, equal for equal ids, which tells 1, 1.0, True and "1" apart."""
    value = plain(unwrapped(value))
    kind = family(value)
    if kind in ("array", "tensor"):
        try:
            return kind, key_of(as_numpy(value).tolist())
        except (RuntimeError, TypeError):
            return kind, id(value)
    if kind == "sequence":
        return kind, tuple(key_of(element) for element in value)
    if kind == "set":
        return kind, frozenset(key_of(element) for element in value)
    if kind == "dict":
        return kind, frozenset((key_of(key), key_of(held)) for key, held in value.items())
    if kind == "float" and value != value:
        return kind, "nan"
    # Python hashes numbers without a secret: of these, any number can be chosen to collide.
    if kind == "int" and abs(value) >= _HASHED_ALIKE:
        return kind, hex(value)
    if kind == "complex":
        return kind, (key_of(value.real), key_of(value.imag))
    if kind == "bytes":
        return kind, bytes(value)
    try:
        hash(value)
    except Exception:
        return kind, id(value)
    return kind, value
