"""The wrong turns of LoRA."""

import math

import torch

from autograder.suite import misconception
from solutions.lora.lora import (
    LoRALinear,
    extract_lora,
    linear,
    lora_forward,
    lora_parameters,
    matches,
    require_fit,
)

# ── lora_forward ──────────────────────────────────────────────────────────────────────────────


def refuse(x, weight, a, b, bias):
    """Raise what the forward pass has to raise."""
    require_fit(weight, a, b, bias)
    if x.shape[-1] != weight.shape[1]:
        raise ValueError("x and weight differ in d_in")


@misconception(
    replaces="lora_forward",
    says="the low-rank update is not multiplied by alpha / rank",
    hint="Double alpha. What happens to your result?",
)
def unscaled(x, weight, a, b, alpha, bias=None):
    return lora_forward(x, weight, a, b, float(a.shape[0]), bias)


@misconception(
    replaces="lora_forward",
    says="the update is multiplied by alpha and not divided by the rank",
    hint="Which factor keeps the size of the update when the rank doubles?",
)
def scaled_by_alpha(x, weight, a, b, alpha, bias=None):
    return lora_forward(x, weight, a, b, alpha * a.shape[0], bias)


@misconception(
    replaces="lora_forward",
    says="alpha is divided by the root of the rank, which is rsLoRA",
    hint="Compare your factor at rank 4 with alpha / 4.",
)
def divided_by_the_root(x, weight, a, b, alpha, bias=None):
    return lora_forward(x, weight, a, b, alpha * math.sqrt(a.shape[0]), bias)


@misconception(
    replaces="lora_forward",
    says="the base path runs without gradient, so x gets none through it and the layers below "
    "learn wrongly",
    hint="Which of weight and x should be frozen? What does no_grad() do to both?",
)
def base_under_no_grad(x, weight, a, b, alpha, bias=None):
    refuse(x, weight, a, b, bias)
    with torch.no_grad():
        base = linear(x, weight, bias)
    return base + alpha / a.shape[0] * (x @ a.T @ b.T)


@misconception(
    replaces="lora_forward",
    says="the gradient reaches the frozen weight",
    hint="What would an optimiser do with a gradient of the base?",
)
def base_trained(x, weight, a, b, alpha, bias=None):
    refuse(x, weight, a, b, bias)
    return linear(x, weight, bias) + alpha / a.shape[0] * (x @ a.T @ b.T)


# ── LoRALinear ────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="LoRALinear",
    says="after merge the forward pass still adds the low-rank update, so it counts twice",
    hint="The update is in the weight now. What is left to add?",
)
class merged_counts_twice(LoRALinear):
    def forward(self, x):
        return lora_forward(x, self.weight, self.a, self.b, self.alpha, self.bias)


@misconception(
    replaces="LoRALinear",
    says="merge adds, and unmerge subtracts, b a without alpha / rank",
    hint="Compare what forward adds to the base with what merge adds to the weight.",
)
class merge_unscaled(LoRALinear):
    def merge(self):
        if not self.merged:
            self.weight += self.b @ self.a
            self.merged = True

    def unmerge(self):
        if self.merged:
            self.weight -= self.b @ self.a
            self.merged = False


@misconception(
    replaces="LoRALinear",
    says="a second merge adds the update again",
    hint="How often should the update be in the weight after two calls of merge?",
)
class merges_again(LoRALinear):
    def merge(self):
        self.weight += self.scaling * self.b @ self.a
        self.merged = True


@misconception(
    replaces="LoRALinear",
    says="unmerge subtracts the update from a weight that does not hold it",
    hint="What does unmerge do to a layer that has just been made?",
)
class unmerges_what_is_not_merged(LoRALinear):
    def unmerge(self):
        self.weight -= self.scaling * self.b @ self.a
        self.merged = False


@misconception(
    replaces="LoRALinear",
    says="after unmerge the layer still takes itself for merged, so the update is lost",
    hint="Call forward before merge and after unmerge. What has changed?",
)
class stays_merged(LoRALinear):
    def unmerge(self):
        super().unmerge()
        self.merged = True


# ── lora_parameters ───────────────────────────────────────────────────────────────────────────


def count(shapes, rank, targets, match=matches, size=lambda d_out, d_in: d_in + d_out):
    """Right but for the way of matching and the size of an update, which are given."""
    lora_parameters(shapes, rank, targets)
    adapted = [s for name, s in shapes.items() if any(match(name, t) for t in targets)]
    return {
        "trainable": sum(rank * size(*shape) for shape in adapted),
        "frozen": sum(d_in * d_out for d_out, d_in in shapes.values()),
        "adapted": len(adapted),
    }


@misconception(
    replaces="lora_parameters",
    says="a module is counted as 2 · rank · d_in, which is right for square ones only "
    "(not for grouped keys or the MLP)",
    hint="Which shapes do a and b have for a weight of 16 rows and 64 columns?",
)
def square_layers(shapes, rank, targets):
    return count(shapes, rank, targets, size=lambda d_out, d_in: 2 * d_in)


@misconception(
    replaces="lora_parameters",
    says="a target matches wherever it occurs in a name, also in its middle",
    hint="Which modules does the target `attn` adapt in your count?",
)
def matches_anywhere(shapes, rank, targets):
    return count(shapes, rank, targets, match=lambda name, target: target in name)


@misconception(
    replaces="lora_parameters",
    says="a target matches every name that ends with it, without a dot before it",
    hint="Is `mlp.up_proj` meant by the target `proj`?",
)
def matches_any_ending(shapes, rank, targets):
    return count(shapes, rank, targets, match=str.endswith)


@misconception(
    replaces="lora_parameters",
    says="only the adapted modules are counted as frozen",
    hint="Which weights have to be in memory besides those that are adapted?",
)
def frozen_of_the_adapted_only(shapes, rank, targets):
    right = count(shapes, rank, targets)
    adapted = [s for name, s in shapes.items() if any(matches(name, t) for t in targets)]
    return {**right, "frozen": sum(d_in * d_out for d_out, d_in in adapted)}


@misconception(
    replaces="lora_parameters",
    says="the weights of adapted modules are not counted as frozen",
    hint="Does the weight of an adapted module train?",
)
def adapted_not_frozen(shapes, rank, targets):
    right = count(shapes, rank, targets)
    others = [s for name, s in shapes.items() if not any(matches(name, t) for t in targets)]
    return {**right, "frozen": sum(d_in * d_out for d_out, d_in in others)}


@misconception(
    replaces="lora_parameters",
    says="a module that matches two targets is counted twice",
    hint="How many pairs (a, b) does a module get that two targets mean?",
)
def counted_for_each_target(shapes, rank, targets):
    right = count(shapes, rank, targets)
    adapted = [s for t in targets for name, s in shapes.items() if matches(name, t)]
    trainable = sum(rank * (d_in + d_out) for d_out, d_in in adapted)
    return {**right, "trainable": trainable, "adapted": len(adapted)}


# ── extract_lora ──────────────────────────────────────────────────────────────────────────────


def singular_vectors(before, after, rank, alpha):
    """Return b with its signs right, the singular values, and V to it."""
    a, b = extract_lora(before, after, rank, alpha)
    s = torch.linalg.svdvals(after - before)[:rank]
    # a is (rank / alpha) S Vᵀ; what has no size has no direction either.
    vh = a * (alpha / rank) / s.clamp_min(torch.finfo(s.dtype).tiny)[:, None]
    return b, s, vh


@misconception(
    replaces="extract_lora",
    says="both factors carry the singular values, so their product holds the squares",
    hint="Extract from diag(3, 4) at full rank. What is the product?",
)
def singular_values_twice(before, after, rank, alpha):
    b, s, vh = singular_vectors(before, after, rank, alpha)
    return rank / alpha * s[:, None] * vh, b * s


@misconception(
    replaces="extract_lora",
    says="b a itself approximates the change, so that alpha / rank comes on top of it",
    hint="Put your pair into lora_forward with a weight of zeros. Which matrix is that?",
)
def scaling_left_in(before, after, rank, alpha):
    a, b = extract_lora(before, after, rank, alpha)
    return a * (alpha / rank), b


@misconception(
    replaces="extract_lora",
    says="a is multiplied by alpha / rank, where it has to be divided by it",
    hint="The forward pass multiplies by alpha / rank. What undoes that?",
)
def scaled_instead_of_unscaled(before, after, rank, alpha):
    a, b = extract_lora(before, after, rank, alpha)
    return a * (alpha / rank) ** 2, b


@misconception(
    replaces="extract_lora",
    says="each factor carries the root of the singular values, so b is not orthonormal",
    hint="Work out bᵀ b. What should it be?",
)
def roots_on_both_sides(before, after, rank, alpha):
    b, s, vh = singular_vectors(before, after, rank, alpha)
    return rank / alpha * s.sqrt()[:, None] * vh, b * s.sqrt()


@misconception(
    replaces="extract_lora",
    says="the pair approximates before − after, so it undoes the fine-tuning",
    hint="Which of the two does before plus your update come near?",
)
def subtracted_the_wrong_way(before, after, rank, alpha):
    return extract_lora(after, before, rank, alpha)


@misconception(
    replaces="extract_lora",
    says="the signs are left as the SVD gives them",
    hint="u and v may change their sign together. Which of the two pairs is asked for?",
)
def signs_of_the_svd(before, after, rank, alpha):
    extract_lora(before, after, rank, alpha)
    u, s, vh = torch.linalg.svd(after - before, full_matrices=False)
    return rank / alpha * s[:rank, None] * vh[:rank], u[:, :rank]
