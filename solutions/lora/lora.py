"""LoRA: low-rank updates of frozen weights: the reference."""

import torch
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

    >>> x, a, b = torch.tensor([1.0, 2.0]), torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0], [0.0]])
    >>> lora_forward(x, torch.eye(2), a, b, alpha=2.0)
    tensor([7., 2.])
    """
    require_fit(weight, a, b, bias)
    if x.shape[-1] != weight.shape[1]:
        raise ValueError(f"x has d_in = {x.shape[-1]}, but weight has {weight.shape[1]}")
    # Detaching the weight freezes it; x stays in the graph, for the layers below need its gradient.
    base = linear(x, weight.detach(), None if bias is None else bias.detach())
    # Two thin products: b @ a would be a matrix as large as the weight.
    return base + alpha / a.shape[0] * (x @ a.T @ b.T)


class LoRALinear:
    """A linear layer with a low-rank update that can be merged into its weight.

    >>> layer = LoRALinear(torch.eye(2), torch.ones(1, 2), 2.0, b=torch.tensor([[1.0], [0.0]]))
    >>> layer.merge()
    >>> layer.weight
    tensor([[3., 2.],
            [0., 1.]])
    """

    def __init__(
        self,
        weight: Float[Tensor, "d_out d_in"],
        a: Float[Tensor, "rank d_in"],
        alpha: float,
        bias: Float[Tensor, "d_out"] | None = None,
        b: Float[Tensor, "d_out rank"] | None = None,
    ) -> None:
        """Take copies of all tensors. Without `b` the update starts at zero."""
        self.rank = a.shape[0]
        if b is None:
            b = torch.zeros(weight.shape[0], self.rank)
        require_fit(weight, a, b, bias)
        self.weight, self.a, self.b = weight.clone(), a.clone(), b.clone()
        self.bias = None if bias is None else bias.clone()
        self.alpha, self.scaling = alpha, alpha / self.rank
        self.merged = False

    def forward(self, x: Float[Tensor, "... d_in"]) -> Float[Tensor, "... d_out"]:
        """Apply the layer; once merged, with `weight` alone."""
        if self.merged:
            return linear(x, self.weight, self.bias)
        return lora_forward(x, self.weight, self.a, self.b, self.alpha, self.bias)

    def merge(self) -> None:
        """Add the scaled update to `weight`; do nothing if that has been done."""
        if not self.merged:
            self.weight += self.scaling * self.b @ self.a
            self.merged = True

    def unmerge(self) -> None:
        """Take the scaled update out of `weight` again; do nothing if it is not in there."""
        if self.merged:
            self.weight -= self.scaling * self.b @ self.a
            self.merged = False


def lora_parameters(
    shapes: dict[str, tuple[int, int]], rank: int, targets: list[str]
) -> dict[str, int]:
    """Count the parameters when every module that matches a target is adapted.

    >>> shapes = {"q_proj": (4, 4), "k_proj": (2, 4), "head": (10, 4)}
    >>> lora_parameters(shapes, rank=2, targets=["q_proj", "k_proj"])
    {'trainable': 28, 'frozen': 64, 'adapted': 2}
    """
    if rank < 1:
        raise ValueError(f"rank is at least 1, got {rank}")
    for target in targets:
        if not any(matches(name, target) for name in shapes):
            raise ValueError(f"the target {target!r} matches no module")

    # A module that matches two targets is still adapted once.
    adapted = [
        shape for name, shape in shapes.items() if any(matches(name, target) for target in targets)
    ]
    return {
        "trainable": sum(rank * (d_in + d_out) for d_out, d_in in adapted),
        "frozen": sum(d_in * d_out for d_out, d_in in shapes.values()),
        "adapted": len(adapted),
    }


def extract_lora(
    before: Float[Tensor, "d_out d_in"],
    after: Float[Tensor, "d_out d_in"],
    rank: int,
    alpha: float,
) -> tuple[Float[Tensor, "rank d_in"], Float[Tensor, "d_out rank"]]:
    """Return (a, b), whose scaled product is the closest of its rank to `after` − `before`.

    >>> a, b = extract_lora(torch.zeros(2, 2), torch.diag(torch.tensor([3.0, 4.0])), 1, alpha=2.0)
    >>> a.tolist(), b.tolist()
    ([[0.0, 2.0]], [[0.0], [1.0]])
    """
    if before.shape != after.shape:
        raise ValueError(f"before is {list(before.shape)}, but after is {list(after.shape)}")
    if alpha <= 0:
        raise ValueError(f"alpha is above 0, got {alpha}")
    if not 1 <= rank <= min(before.shape):
        raise ValueError(f"rank is from 1 to {min(before.shape)}, got {rank}")

    # Eckart and Young, 1936: the first terms of the SVD are the closest matrix of their rank.
    u, s, vh = torch.linalg.svd(after - before, full_matrices=False)
    b = u[:, :rank]
    a = rank / alpha * s[:rank, None] * vh[:rank]
    # A pair of singular vectors may change its sign together; this makes the pair unique.
    sign = b.gather(0, b.abs().argmax(dim=0, keepdim=True)).sign()
    return a * sign.T, b * sign


def linear(
    x: Float[Tensor, "... d_in"],
    weight: Float[Tensor, "d_out d_in"],
    bias: Float[Tensor, "d_out"] | None,
) -> Float[Tensor, "... d_out"]:
    """Return x Wᵀ + bias."""
    return x @ weight.T if bias is None else x @ weight.T + bias


def require_fit(weight: Tensor, a: Tensor, b: Tensor, bias: Tensor | None) -> None:
    """Refuse tensors that are no layer together; PyTorch would broadcast some of them."""
    d_out, d_in = weight.shape
    rank = a.shape[0]
    if a.shape[1] != d_in:
        raise ValueError(f"a has d_in = {a.shape[1]}, but weight has {d_in}")
    if b.shape != (d_out, rank):
        raise ValueError(f"b has to be [{d_out}, {rank}], got {list(b.shape)}")
    if bias is not None and bias.shape != (d_out,):
        raise ValueError(f"bias has to be [{d_out}], got {list(bias.shape)}")


def matches(name: str, target: str) -> bool:
    """Say whether a module is meant by a target: q_proj means layers.0.q_proj, not my_q_proj."""
    return name == target or name.endswith("." + target)
