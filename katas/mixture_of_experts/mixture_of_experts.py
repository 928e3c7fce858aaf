"""Mixture of experts. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def route(
    logits: Float[Tensor, "tokens experts"], k: int
) -> tuple[Int[Tensor, "tokens k"], Float[Tensor, "tokens k"]]:
    """Return the k experts of each token, by descending logit, and their weights.

    Of equal logits the lower expert comes first. Gradients flow through the weights.

    Raises:
        ValueError: if k is outside 1 … experts.
    """
    raise NotImplementedError


def dispatch(
    indices: Int[Tensor, "tokens k"], experts: int, capacity: int
) -> Int[Tensor, "tokens k"]:
    """Return each assignment's slot in the buffer of its expert, −1 when the buffer is full.

    An expert appears at most once in a row. Capacity 0 drops all.

    Raises:
        ValueError: if capacity < 0, or an index is outside 0 … experts − 1.
    """
    raise NotImplementedError


def moe_layer(
    x: Float[Tensor, "tokens d"],
    router: Float[Tensor, "experts d"],
    w_in: Float[Tensor, "experts d_ff d"],
    w_out: Float[Tensor, "experts d d_ff"],
    k: int,
    capacity: int | None = None,
) -> Float[Tensor, "tokens d"]:
    """Send each token to k experts and add their outputs, weighted.

    Weights are as in `torch.nn.Linear`, without bias. Without a capacity nothing is dropped.

    Raises:
        ValueError: as `route` and `dispatch`.
    """
    raise NotImplementedError


def load_balancing_loss(logits: Float[Tensor, "tokens experts"], k: int) -> Float[Tensor, ""]:
    """Return the auxiliary loss that keeps the load even (Fedus et al., 2021, eq. 4, for top k).

    Shares are of all tokens · k assignments, before any is dropped.

    Raises:
        ValueError: as `route`, or if there are no tokens.
    """
    raise NotImplementedError
