"""The wrong turns of positional encodings."""

import math

import torch

from autograder.suite import misconception
from solutions.positional_encoding.positional_encoding import (
    alibi_bias,
    alibi_slopes,
    apply_rope,
    frequencies,
    geometric_slopes,
    interleave,
    sinusoidal_encoding,
)

# ── sinusoidal_encoding ───────────────────────────────────────────────────────────────────────


@misconception(
    replaces="sinusoidal_encoding",
    says="all sines come first and then all cosines, instead of sine and cosine side by side",
    hint="Print the row of position 0. Where are its zeros and where its ones?",
)
def concatenated_halves(positions, d_model, base=10000.0):
    encoding = sinusoidal_encoding(positions, d_model, base)
    return torch.cat([encoding[:, 0::2], encoding[:, 1::2]], dim=1)


@misconception(
    replaces="sinusoidal_encoding",
    says="every column has its own frequency, so a sine and its cosine do not share one",
    hint="What is the sum of the squares of columns 2i and 2i + 1? What should it be?",
)
def exponent_per_column(positions, d_model, base=10000.0):
    sinusoidal_encoding(positions, d_model, base)
    columns = torch.arange(d_model, dtype=torch.float64)
    angles = positions[:, None] * base ** (-columns / d_model)
    return interleave(angles[:, 0::2].sin(), angles[:, 1::2].cos()).float()


@misconception(
    replaces="sinusoidal_encoding",
    says="the exponent of pair i is i/d_model, not 2i/d_model, so the slowest pair is too fast",
    hint="Which frequency should the last pair have: about 1/base, or about 1/√base?",
)
def exponent_without_two(positions, d_model, base=10000.0):
    sinusoidal_encoding(positions, d_model, base)
    angles = positions[:, None] * frequencies(d_model, base) ** 0.5
    return interleave(angles.sin(), angles.cos()).float()


@misconception(
    replaces="sinusoidal_encoding",
    says="the cosine stands before the sine",
    hint="What is the first number of position 0: the sine of 0, or its cosine?",
)
def cosine_first(positions, d_model, base=10000.0):
    encoding = sinusoidal_encoding(positions, d_model, base)
    return interleave(encoding[:, 1::2], encoding[:, 0::2])


# ── apply_rope ────────────────────────────────────────────────────────────────────────────────


def check(x, positions, scale):
    """Raise what the task has to raise."""
    apply_rope(x, positions, scale=scale)


def angles_of(x, positions, base):
    """Return the cosines and sines that belong to the positions as they are given."""
    angles = positions[:, None] * frequencies(x.shape[-1], base)
    return angles.cos().to(x.dtype), angles.sin().to(x.dtype)


@misconception(
    replaces="apply_rope",
    says="dimension i is paired with i + head_dim/2, not with its neighbour",
    hint="Set only x[0] to 1. Which other dimension should the rotation fill?",
)
def pairs_half_apart(x, positions, base=10000.0, scale=1.0):
    check(x, positions, scale)
    cos, sin = angles_of(x, positions / scale, base)
    first, second = x.chunk(2, dim=-1)
    return torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)


@misconception(
    replaces="apply_rope",
    says="pairs are read as neighbours but the results are written as two halves",
    hint="What should a rotation by position 0 leave of x? What do you get?",
)
def output_not_interleaved(x, positions, base=10000.0, scale=1.0):
    turned = apply_rope(x, positions, base, scale)
    return torch.cat([turned[..., 0::2], turned[..., 1::2]], dim=-1)


@misconception(
    replaces="apply_rope",
    says="positions are multiplied by scale instead of divided",
    hint="A model was trained on 2048 positions and scale is 4. "
    "Which angle should position 8191 stay below?",
)
def scale_multiplies_positions(x, positions, base=10000.0, scale=1.0):
    check(x, positions, scale)
    return apply_rope(x, positions, base, 1 / scale)


@misconception(
    replaces="apply_rope",
    says="positions are counted from zero in each call instead of taken from the argument",
    hint="One new token comes while 100 are in the cache. By which angle do you turn it?",
)
def positions_recounted(x, positions, base=10000.0, scale=1.0):
    check(x, positions, scale)
    return apply_rope(x, torch.arange(len(positions)), base, scale)


@misconception(
    replaces="apply_rope",
    says="the pairs are turned the other way round",
    hint="Turn (1, 0) by a small positive angle. Is the second number positive?",
)
def turned_backwards(x, positions, base=10000.0, scale=1.0):
    check(x, positions, scale)
    return apply_rope(x, -positions, base, scale)


@misconception(
    replaces="apply_rope",
    says="scale stretches the base instead of squeezing the positions",
    hint="The first pair turns by one radian a position, whatever the base. "
    "By how much should it turn when scale is 2?",
)
def scale_stretches_base(x, positions, base=10000.0, scale=1.0):
    check(x, positions, scale)
    return apply_rope(x, positions, base * scale)


@misconception(
    replaces="apply_rope",
    says="the exponent of pair i is i/head_dim, not 2i/head_dim, so the slow pairs turn too fast",
    hint="Which frequency should the last pair have: about 1/base, or about 1/√base?",
)
def rotation_exponent_without_two(x, positions, base=10000.0, scale=1.0):
    return apply_rope(x, positions, base**0.5, scale)


@misconception(
    replaces="apply_rope",
    says="all pairs turn by the same angle",
    hint="Which pair should turn slowest, and what does i do in base^(−2i/head_dim)?",
)
def one_frequency(x, positions, base=10000.0, scale=1.0):
    return apply_rope(x, positions, 1.0, scale)


# ── alibi_slopes ──────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="alibi_slopes",
    says="2^(−8k/heads) is used although heads is no power of two",
    hint="For 12 heads the first 8 slopes are those of 8 heads. Which formula gives the other 4?",
)
def one_formula_for_all_heads(heads):
    alibi_slopes(heads)
    return geometric_slopes(heads)


@misconception(
    replaces="alibi_slopes",
    says="the extra slopes repeat ones that are already there, instead of falling between them",
    hint="List the slopes for m heads and for 2m heads. "
    "At which places of the longer list do the shorter one's stand?",
)
def duplicate_slopes(heads):
    alibi_slopes(heads)
    power = 2 ** (heads.bit_length() - 1)
    return torch.cat([geometric_slopes(power), geometric_slopes(2 * power)[1::2][: heads - power]])


@misconception(
    replaces="alibi_slopes",
    says="the extra slopes are the first ones for 2m heads, without leaving every second out",
    hint="Do two of your slopes agree? Which of the slopes for 2m heads are there already?",
)
def every_place_taken(heads):
    alibi_slopes(heads)
    power = 2 ** (heads.bit_length() - 1)
    return torch.cat([geometric_slopes(power), geometric_slopes(2 * power)[: heads - power]])


@misconception(
    replaces="alibi_slopes",
    says="the slopes are sorted",
    hint="Which slope does head m + 1 get: the next smaller one, or the first that falls between?",
)
def sorted_slopes(heads):
    return alibi_slopes(heads).sort(descending=True).values


@misconception(
    replaces="alibi_slopes",
    says="k counts from 0, so the first slope is 1",
    hint="What is the last slope of 8 heads: 2^(−7) or 2^(−8)?",
)
def counted_from_zero(heads):
    alibi_slopes(heads)
    power = 2 ** (heads.bit_length() - 1)
    own, double = (2.0 ** (-8 * torch.arange(count) / count) for count in (power, 2 * power))
    return torch.cat([own, double[0::2][: heads - power]])


# ── alibi_bias ────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="alibi_bias",
    says="distances ignore that the queries are the last of the keys",
    hint="Five tokens are in the cache and one query comes. How far is it from the first key?",
)
def top_left_distance(heads, queries, keys):
    alibi_bias(heads, queries, keys)
    distance = torch.arange(queries)[:, None] - torch.arange(keys)
    bias = -alibi_slopes(heads)[:, None, None] * distance
    return bias.masked_fill(distance < 0, -math.inf)


@misconception(
    replaces="alibi_bias",
    says="distant keys are favoured: the bias grows with distance",
    hint="Which key should win when all scores are equal, the nearest or the farthest?",
)
def distance_rewarded(heads, queries, keys):
    bias = alibi_bias(heads, queries, keys)
    return torch.where(bias == -math.inf, bias, -bias)


@misconception(
    replaces="alibi_bias",
    says="later keys get a penalty, but are not hidden",
    hint="Which weight does the softmax give to a key that comes after the query?",
)
def later_keys_penalised(heads, queries, keys):
    return -alibi_slopes(heads)[:, None, None] * distances(heads, queries, keys).abs()


@misconception(
    replaces="alibi_bias",
    says="later keys get a positive bias instead of being hidden",
    hint="What is the sign of −slope · distance when the key comes after the query?",
)
def later_keys_favoured(heads, queries, keys):
    return -alibi_slopes(heads)[:, None, None] * distances(heads, queries, keys)


@misconception(
    replaces="alibi_bias",
    says="later keys get no bias at all instead of being hidden",
    hint="Which bias takes a key out of the softmax altogether?",
)
def later_keys_unbiased(heads, queries, keys):
    return -alibi_slopes(heads)[:, None, None] * distances(heads, queries, keys).clamp(min=0)


def distances(heads, queries, keys):
    """Return how far each key lies behind each query, after the checks of the task."""
    alibi_bias(heads, queries, keys)
    return torch.arange(queries)[:, None] + keys - queries - torch.arange(keys)
