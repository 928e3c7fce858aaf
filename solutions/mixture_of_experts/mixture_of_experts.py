"""Mixture of experts: the reference."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import one_hot


def route(
    logits: Float[Tensor, "tokens experts"], k: int
) -> tuple[Int[Tensor, "tokens k"], Float[Tensor, "tokens k"]]:
    """Return the k experts of each token, by descending logit, and their weights.

    >>> route(torch.tensor([[1.0, 6.0, 3.0, 2.0]]).log(), 2)
    (tensor([[1, 2]]), tensor([[0.6667, 0.3333]]))
    """
    if not 1 <= k <= logits.shape[1]:
        raise ValueError(f"k is between 1 and {logits.shape[1]}, the number of experts, got {k}")
    # topk leaves the order of equal logits open; a stable sort does not.
    chosen, experts = logits.sort(dim=1, descending=True, stable=True)
    # exp(l) / Σ over the chosen: the sum over all experts cancels when one divides by the chosen.
    return experts[:, :k], torch.softmax(chosen[:, :k], dim=1)


def dispatch(
    indices: Int[Tensor, "tokens k"], experts: int, capacity: int
) -> Int[Tensor, "tokens k"]:
    """Return each assignment's slot in the buffer of its expert, −1 when the buffer is full.

    The order is that of GShard (Lepikhin et al., 2020): a second choice never takes the place of
    another token's first choice.

    >>> dispatch(torch.tensor([[0, 1], [0, 1], [1, 0]]), experts=2, capacity=2)
    tensor([[ 0,  1],
            [ 1, -1],
            [ 0, -1]])
    """
    if capacity < 0:
        raise ValueError(f"capacity is at least 0, got {capacity}")
    if ((indices < 0) | (indices >= experts)).any():
        raise ValueError(
            f"indices are between 0 and {experts - 1}, got {indices.unique().tolist()}"
        )

    queue = indices.T.flatten()  # all first choices in token order, then all second choices, …
    taken = one_hot(queue, experts).cumsum(dim=0)
    # The assignment itself is counted as well, so the first one of an expert has slot 1 − 1.
    slots = taken.gather(1, queue[:, None]) - 1
    slots = slots.reshape(indices.T.shape).T
    return slots.masked_fill(slots >= capacity, -1)


def moe_layer(
    x: Float[Tensor, "tokens d"],
    router: Float[Tensor, "experts d"],
    w_in: Float[Tensor, "experts d_ff d"],
    w_out: Float[Tensor, "experts d d_ff"],
    k: int,
    capacity: int | None = None,
) -> Float[Tensor, "tokens d"]:
    """Send each token to k experts and add their outputs, weighted.

    >>> x, twice = torch.tensor([[1.0, 2.0]]), torch.stack([torch.eye(2), 2 * torch.eye(2)])
    >>> moe_layer(x, torch.eye(2), twice, twice, k=1)
    tensor([[4., 8.]])
    """
    experts = router.shape[0]
    chosen, weights = route(x @ router.T, k)
    # No expert gets a token twice, so a buffer of all tokens never overflows.
    slots = dispatch(chosen, experts, x.shape[0] if capacity is None else capacity)

    output = torch.zeros_like(x)
    for expert in range(experts):
        token, choice = ((chosen == expert) & (slots >= 0)).nonzero(as_tuple=True)
        hidden = torch.relu(x[token] @ w_in[expert].T)
        # Dropped assignments are just not there: what is left keeps its weight.
        weighted = weights[token, choice, None] * (hidden @ w_out[expert].T)
        output = output.index_add(0, token, weighted)
    return output


def load_balancing_loss(logits: Float[Tensor, "tokens experts"], k: int) -> Float[Tensor, ""]:
    """Return the auxiliary loss that keeps the load even (Fedus et al., 2021, eq. 4, for top k).

    >>> load_balancing_loss(torch.tensor([[3.0, 1.0], [3.0, 1.0]]).log(), 1)
    tensor(1.5000)
    """
    tokens, experts = logits.shape
    if tokens == 0:
        raise ValueError("logits has no tokens")
    chosen, _ = route(logits, k)
    # Counts have no gradient; the probabilities next to them carry it to the router.
    share = one_hot(chosen, experts).sum(dim=(0, 1)) / (tokens * k)
    probability = torch.softmax(logits, dim=1).mean(dim=0)
    return experts * (share * probability).sum()
