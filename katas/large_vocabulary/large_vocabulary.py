"""Large vocabularies: chunked, adaptive and sampled softmax. The question is in README.md."""

from jaxtyping import Float, Int
from torch import Tensor


def chunked_cross_entropy(
    hidden: Float[Tensor, "tokens d"],
    weight: Float[Tensor, "vocab d"],
    targets: Int[Tensor, "tokens"],
    chunk: int,
    ignore_index: int = -100,
) -> Float[Tensor, ""]:
    """Return the mean cross-entropy, with at most tokens × chunk logits at a time.

    Tokens whose target is `ignore_index` do not count. When none counts, the loss and its gradients
    are 0.

    Raises:
        ValueError: if chunk < 1, or a target is neither `ignore_index` nor in 0 … vocab − 1.
    """
    raise NotImplementedError


def adaptive_log_prob(
    hidden: Float[Tensor, "tokens d"],
    head: Float[Tensor, "shortlist+clusters d"],
    tails: list[tuple[Float[Tensor, "d_i d"], Float[Tensor, "n_i d_i"]]],
    targets: Int[Tensor, "tokens"],
) -> Float[Tensor, "tokens"]:
    """Return the log-probability of each target by an adaptive softmax (Grave et al., 2017).

    The first rows of `head` are the words of the shortlist, the last ones the clusters. `tails`
    holds for each cluster its projection and its words; the ranges of the clusters follow one
    another.

    Raises:
        ValueError: if a target is outside the vocabulary.
    """
    raise NotImplementedError


def sampled_softmax_loss(
    hidden: Float[Tensor, "tokens d"],
    weight: Float[Tensor, "vocab d"],
    targets: Int[Tensor, "tokens"],
    samples: Int[Tensor, "samples"],
    log_q: Float[Tensor, "vocab"],
) -> Float[Tensor, ""]:
    """Return the mean loss against sampled words, logits corrected by how likely they are drawn.

    Samples equal to a token's own target are left out for it; repeated samples count each time. A
    token without any sample left has loss 0.
    """
    raise NotImplementedError


def embedding_parameters(
    vocab: int, d_model: int, rank: int | None = None, tied: bool = True
) -> int:
    """Return the parameters of the input and the output table, factorised if a rank is given.

    Raises:
        ValueError: if a size is below 1.
    """
    raise NotImplementedError
