"""DPO, IPO and SimPO: losses on pairs of answers. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def sequence_logps(
    logits: Float[Tensor, "batch tokens vocab"], labels: Int[Tensor, "batch tokens"]
) -> tuple[Float[Tensor, "batch"], Int[Tensor, "batch"]]:
    """Return the summed log-probability of each row's labels, and how many were scored.

    `labels` are the input ids, -100 on prompt and padding, not yet shifted: the logits at one place
    predict the label at the next. A row without a scored label has 0 and 0.

    Raises:
        ValueError: if the shapes do not fit.
    """
    raise NotImplementedError


def dpo_loss(
    policy_chosen: Float[Tensor, "n"],
    policy_rejected: Float[Tensor, "n"],
    reference_chosen: Float[Tensor, "n"],
    reference_rejected: Float[Tensor, "n"],
    beta: float = 0.1,
    label_smoothing: float = 0.0,
) -> tuple[Float[Tensor, ""], Float[Tensor, "n"], Float[Tensor, "n"]]:
    """Return the loss (Rafailov et al., 2023, eq. 7), and the rewards of chosen and of rejected.

    All four are summed log-probabilities. No gradient reaches the reference, and the rewards carry
    no graph. Loss and gradients are right for differences times beta up to ±10 000.

    Raises:
        ValueError: if there is no pair, lengths differ, beta is not above 0 or `label_smoothing` is
            not in [0, 0.5).
    """
    raise NotImplementedError


def ipo_loss(
    policy_chosen: Float[Tensor, "n"],
    policy_rejected: Float[Tensor, "n"],
    reference_chosen: Float[Tensor, "n"],
    reference_rejected: Float[Tensor, "n"],
    beta: float = 0.1,
) -> Float[Tensor, ""]:
    """Return the squared distance of the margin from 1 / (2 beta) (Azar et al., 2023, eq. 17).

    No gradient reaches the reference.

    Raises:
        ValueError: if there is no pair, lengths differ or beta is not above 0.
    """
    raise NotImplementedError


def simpo_loss(
    policy_chosen: Float[Tensor, "n"],
    policy_rejected: Float[Tensor, "n"],
    chosen_tokens: Int[Tensor, "n"],
    rejected_tokens: Int[Tensor, "n"],
    beta: float = 2.0,
    gamma: float = 1.0,
) -> Float[Tensor, ""]:
    """Return the loss on log-probabilities a token, without a reference (Meng et al., 2024, eq. 6).

    Raises:
        ValueError: if there is no pair, lengths differ, beta is not above 0 or a count is below 1.
    """
    raise NotImplementedError
