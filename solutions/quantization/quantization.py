"""Quantisation: symmetric, affine, int4 groups: the reference."""

import torch
from jaxtyping import Float, Int, Int8, Int64, UInt8
from torch import Tensor


def quantize_symmetric(
    x: Float[Tensor, "*shape"], bits: int = 8, axis: int | None = None
) -> tuple[Int8[Tensor, "*shape"], Float[Tensor, "*scale"]]:
    """Return codes in −q_max … q_max, and the scale that gives x back.

    >>> quantize_symmetric(torch.tensor([-3.0, 0.5, 1.5, 2.2]), bits=3)
    (tensor([-3,  0,  2,  2], dtype=torch.int8), tensor(1.))
    """
    slices, scale_shape = cut(x, bits, axis)
    q_max = 2 ** (bits - 1) - 1  # −2^(bits−1) is left out, so that the codes are symmetric
    scale = step(slices.abs().amax(dim=1), q_max).reshape(scale_shape)
    # |x| ≤ q_max · scale, so that nothing is left to clamp. torch.round rounds half to even.
    return torch.round(x / scale).to(torch.int8), scale


def quantize_affine(
    x: Float[Tensor, "*shape"], bits: int = 8, axis: int | None = None
) -> tuple[UInt8[Tensor, "*shape"], Float[Tensor, "*scale"], Int64[Tensor, "*scale"]]:
    """Return codes in 0 … 2^bits − 1, the scale, and the code of 0.0 (Jacob et al., 2018, eq. 1).

    >>> quantize_affine(torch.tensor([-1.0, 0.0, 2.2, 6.0]), bits=3)
    (tensor([0, 1, 3, 7], dtype=torch.uint8), tensor(1.), tensor(1))
    """
    slices, scale_shape = cut(x, bits, axis)
    highest = 2**bits - 1
    # 0 is made part of the range: padding and ReLU give many zeros, which have to stay exact.
    low = slices.amin(dim=1).clamp(max=0).reshape(scale_shape)
    high = slices.amax(dim=1).clamp(min=0).reshape(scale_shape)
    scale = step(high - low, highest)
    zero_point = torch.round(-low / scale)
    # The lowest value gets code 0; the highest may round to one more than there is.
    codes = (torch.round(x / scale) + zero_point).clamp(max=highest)
    return codes.to(torch.uint8), scale, zero_point.to(torch.int64)


def dequantize(
    codes: Int[Tensor, "*shape"],
    scale: Float[Tensor, "*scale"],
    zero_point: Int64[Tensor, "*scale"] | None = None,
) -> Float[Tensor, "*shape"]:
    """Return (codes − zero_point) · scale in float32.

    >>> dequantize(torch.tensor([0, 7], dtype=torch.uint8), torch.tensor(0.5), torch.tensor(1))
    tensor([-0.5000,  3.0000])
    """
    # In uint8, 0 − 1 would be 255; a zero point without axes does not widen the codes by itself.
    wide = codes.to(torch.int64)
    return (wide if zero_point is None else wide - zero_point).float() * scale


def quantize_int4_groups(
    weight: Float[Tensor, "out in"], group: int
) -> tuple[UInt8[Tensor, "out in/2"], Float[Tensor, "out in/group"]]:
    """Pack each row in four bits a weight, with one scale for every `group` consecutive inputs.

    >>> quantize_int4_groups(torch.tensor([[7.0, -2.0, 0.5, 1.75]]), group=2)
    (tensor([[111, 250]], dtype=torch.uint8), tensor([[1.0000, 0.2500]]))
    """
    require_numbers(weight, "weight")
    if weight.ndim != 2 or weight.shape[1] % 2:
        raise ValueError(f"weight has to be [out, even], got {list(weight.shape)}")
    outputs, inputs = weight.shape
    if group < 1 or inputs % group:
        raise ValueError(f"group = {group} does not cut {inputs} inputs into groups")

    groups = weight.reshape(outputs, inputs // group, group)
    scale = step(groups.abs().amax(dim=-1), 7)
    nibbles = (torch.round(groups / scale[:, :, None]) + 8).to(torch.uint8)
    even, odd = nibbles.reshape(outputs, inputs // 2, 2).unbind(dim=-1)
    return even | (odd << 4), scale


def dequantize_int4_groups(
    packed: UInt8[Tensor, "out in/2"], scale: Float[Tensor, "out in/group"], group: int
) -> Float[Tensor, "out in"]:
    """Undo `quantize_int4_groups`, up to the rounding.

    >>> packed = torch.tensor([[111, 250]], dtype=torch.uint8)
    >>> dequantize_int4_groups(packed, torch.tensor([[1.0, 0.25]]), group=2)
    tensor([[ 7.0000, -2.0000,  0.5000,  1.7500]])
    """
    outputs, groups = scale.shape
    if packed.shape[0] != outputs or 2 * packed.shape[1] != groups * group:
        raise ValueError(
            f"packed {list(packed.shape)} does not go with scale {list(scale.shape)} "
            f"in groups of {group}"
        )
    nibbles = torch.stack([packed & 15, packed >> 4], dim=-1)
    codes = nibbles.reshape(outputs, groups, group).float() - 8
    return (codes * scale[:, :, None]).reshape(outputs, groups * group)


def cut(
    x: Float[Tensor, "*shape"], bits: int, axis: int | None
) -> tuple[Float[Tensor, "slices elements"], list[int]]:
    """Return what shares a scale as rows, and the shape of the scales, after a check of all."""
    require_numbers(x, "x")
    if not 2 <= bits <= 8:
        raise ValueError(f"bits = {bits} is outside 2 … 8")
    if axis is None:
        return x.reshape(1, -1), []
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"axis = {axis}, but x has {x.ndim} axes")
    scale_shape = [1] * x.ndim
    scale_shape[axis] = x.shape[axis]
    return x.movedim(axis, 0).reshape(x.shape[axis], -1), scale_shape


def step(span: Float[Tensor, "..."], steps: int) -> Float[Tensor, "..."]:
    """Return the size of one of so many steps, or 1 where the span is empty."""
    return torch.where(span > 0, span / steps, 1.0)


def require_numbers(x: Tensor, name: str) -> None:
    """Raise where there is nothing to take a maximum of, or the maximum says nothing."""
    if x.numel() == 0:
        raise ValueError(f"{name} is empty")
    if not torch.isfinite(x).all():
        raise ValueError(f"{name} holds infinities or NaN")
