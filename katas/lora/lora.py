"""LoRA: low-rank updates of frozen weights. The question is in README.md."""

from jaxtyping import Float
from torch import Tensor


def lora_forward(
    x: Float[Tensor, "... d_in"],
    weight: Float[Tensor, "d_out d_in"],
    a: Float[Tensor, "rank d_in"],
    b: Float[Tensor, "d_out rank"],
    alpha: float,
    bias: Float[Tensor, "d_out"] | None = None,
) -> Float[Tensor, "... d_out"]:
    """Add a low-rank update, scaled by alpha / rank, to a linear layer (Hu et al., 2021, eq. 3).

    `weight` and `bias` are frozen: no gradient reaches them. x gets its full gradient, through the
    frozen weight as well as through the update.

    Raises:
        ValueError: if the shapes do not fit each other.
    """
    raise NotImplementedError


class LoRALinear:
    """A linear layer with a low-rank update that can be merged into its weight.

    Attributes:
        weight: the weight as it is now, merged or not.
        a, b, bias: as given; `bias` may be None.
        rank: the rows of `a`.
        scaling: alpha / rank.
        merged: whether `weight` holds the update.
    """

    weight: Float[Tensor, "d_out d_in"]
    a: Float[Tensor, "rank d_in"]
    b: Float[Tensor, "d_out rank"]
    bias: Float[Tensor, "d_out"] | None
    rank: int
    scaling: float
    merged: bool

    def __init__(
        self,
        weight: Float[Tensor, "d_out d_in"],
        a: Float[Tensor, "rank d_in"],
        alpha: float,
        bias: Float[Tensor, "d_out"] | None = None,
        b: Float[Tensor, "d_out rank"] | None = None,
    ) -> None:
        """Take copies of all tensors. Without `b` the update starts at zero.

        Raises:
            ValueError: if the shapes do not fit each other.
        """
        raise NotImplementedError

    def forward(self, x: Float[Tensor, "... d_in"]) -> Float[Tensor, "... d_out"]:
        """Apply the layer; once merged, with `weight` alone."""
        raise NotImplementedError

    def merge(self) -> None:
        """Add the scaled update to `weight`; do nothing if that has been done."""
        raise NotImplementedError

    def unmerge(self) -> None:
        """Take the scaled update out of `weight` again; do nothing if it is not in there."""
        raise NotImplementedError


def lora_parameters(
    shapes: dict[str, tuple[int, int]], rank: int, targets: list[str]
) -> dict[str, int]:
    """Count the parameters when every module that matches a target is adapted.

    `shapes` maps names of modules to (d_out, d_in). A module matches when its name is a target or
    ends with "." and a target.

    Returns:
        `trainable`, those of the updates; `frozen`, those of all weights, adapted or not;
        `adapted`, the number of adapted modules.

    Raises:
        ValueError: if `rank` is below 1, or a target matches no module.
    """
    raise NotImplementedError


def extract_lora(
    before: Float[Tensor, "d_out d_in"],
    after: Float[Tensor, "d_out d_in"],
    rank: int,
    alpha: float,
) -> tuple[Float[Tensor, "rank d_in"], Float[Tensor, "d_out rank"]]:
    """Return (a, b), whose scaled product is the closest of its rank to `after` − `before`.

    The columns of b are orthonormal, in order of falling singular value, and the entry of greatest
    magnitude in each is positive; a carries all of the size. Gradients need not flow.

    Raises:
        ValueError: if the shapes differ, alpha is not above 0, or `rank` is below 1 or above the
            smaller side.
    """
    raise NotImplementedError
