"""PyTorch's own float8 dtypes."""

import torch

DTYPES = {"e4m3": (torch.float8_e4m3fn, 448.0), "e5m2": (torch.float8_e5m2, 57344.0)}

SKIPS = {
    "test_without_saturation_e4m3_overflows_to_nan": "versions of torch differ in this cast",
    "test_overflow_begins_where_rounding_passes_the_largest[e4m3-False]": (
        "versions of torch differ in this cast"
    ),
}


def dtype_of(format):
    if format not in DTYPES:
        raise ValueError(f"no format {format}")
    return DTYPES[format]


def decode_fp8(codes, format="e4m3"):
    return codes.contiguous().view(dtype_of(format)[0]).float()


def encode_fp8(x, format="e4m3", saturate=True):
    dtype, largest = dtype_of(format)
    return (x.clamp(-largest, largest) if saturate else x).to(dtype).view(torch.uint8)
