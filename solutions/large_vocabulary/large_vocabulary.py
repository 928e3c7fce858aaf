"""Large vocabularies: chunked, adaptive and sampled softmax: the reference."""

import math

import torch
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

    >>> weight = torch.tensor([[1.0], [2.0], [3.0], [4.0]]).log()
    >>> chunked_cross_entropy(torch.ones(1, 1), weight, torch.tensor([3]), chunk=2)
    tensor(0.9163)
    """
    if chunk < 1:
        raise ValueError(f"chunk is at least 1, got {chunk}")
    counted = targets != ignore_index
    hidden, targets = hidden[counted], targets[counted]
    refuse_unknown_words(targets, weight.shape[0])

    # ln Σ exp of the logits seen so far; of none it is ln 0.
    seen = hidden.new_full((hidden.shape[0],), -math.inf)
    for rows in weight.split(chunk):
        seen = torch.logaddexp(seen, torch.logsumexp(hidden @ rows.T, dim=1))
    losses = seen - (hidden * weight[targets]).sum(dim=1)
    # The sum over no token is 0, and still hangs on hidden and weight.
    return losses.sum() / max(1, len(losses))


def refuse_unknown_words(targets: Int[Tensor, "tokens"], vocab: int) -> None:
    """Raise ValueError if a target is outside 0 … vocab − 1."""
    if ((targets < 0) | (targets >= vocab)).any():
        raise ValueError(f"targets are between 0 and {vocab - 1}, got {targets.unique().tolist()}")


def adaptive_log_prob(
    hidden: Float[Tensor, "tokens d"],
    head: Float[Tensor, "shortlist+clusters d"],
    tails: list[tuple[Float[Tensor, "d_i d"], Float[Tensor, "n_i d_i"]]],
    targets: Int[Tensor, "tokens"],
) -> Float[Tensor, "tokens"]:
    """Return the log-probability of each target by an adaptive softmax (Grave et al., 2017).

    >>> head, words = torch.tensor([[5.0], [3.0], [2.0]]).log(), torch.tensor([[1.0], [3.0]]).log()
    >>> adaptive_log_prob(torch.ones(1, 1), head, [(torch.ones(1, 1), words)], torch.tensor([3]))
    tensor([-1.8971])
    """
    shortlist = head.shape[0] - len(tails)
    refuse_unknown_words(targets, shortlist + sum(len(out) for _, out in tails))

    in_head = torch.log_softmax(hidden @ head.T, dim=1)
    # What a rare word reads here for now is replaced when its cluster comes.
    result = pick(in_head, targets.clamp(max=shortlist - 1))
    start = shortlist
    for cluster, (projection, out) in enumerate(tails):
        inside = (targets >= start) & (targets < start + len(out))
        # Only the tokens of this cluster pay for its words.
        in_tail = torch.log_softmax(hidden[inside] @ projection.T @ out.T, dim=1)
        rare = in_head[inside, shortlist + cluster] + pick(in_tail, targets[inside] - start)
        result = result.masked_scatter(inside, rare)
        start += len(out)
    return result


def pick(
    table: Float[Tensor, "tokens words"], words: Int[Tensor, "tokens"]
) -> Float[Tensor, "tokens"]:
    """Take one entry from each row."""
    return table.gather(1, words[:, None])[:, 0]


def sampled_softmax_loss(
    hidden: Float[Tensor, "tokens d"],
    weight: Float[Tensor, "vocab d"],
    targets: Int[Tensor, "tokens"],
    samples: Int[Tensor, "samples"],
    log_q: Float[Tensor, "vocab"],
) -> Float[Tensor, ""]:
    """Return the mean loss against sampled words (Jean et al., 2015).

    A word that is drawn more often stands in the sum more often; exp(−log_q) makes up for it.

    >>> weight = torch.tensor([[1.0], [2.0], [3.0], [4.0]]).log()
    >>> log_q = torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    >>> words, samples = torch.tensor([3]), torch.tensor([0, 1, 3])
    >>> sampled_softmax_loss(torch.ones(1, 1), weight, words, samples, log_q)
    tensor(0.2719)
    """
    target = (hidden * weight[targets]).sum(dim=1) - log_q[targets]
    sampled = hidden @ weight[samples].T - log_q[samples]
    hits = samples == targets[:, None]
    sampled = sampled.masked_fill(hits, -math.inf)
    # The target stands in the sum exactly once, so a row is never all −inf.
    logits = torch.cat([target[:, None], sampled], dim=1)
    return (torch.logsumexp(logits, dim=1) - target).mean()


def embedding_parameters(
    vocab: int, d_model: int, rank: int | None = None, tied: bool = True
) -> int:
    """Return the parameters of the input and the output table, factorised if a rank is given.

    >>> embedding_parameters(1000, 64), embedding_parameters(1000, 64, rank=8)
    (64000, 8512)
    """
    if vocab < 1 or d_model < 1 or (rank is not None and rank < 1):
        raise ValueError(f"sizes are at least 1, got {vocab=}, {d_model=}, {rank=}")
    table = vocab * d_model if rank is None else vocab * rank + rank * d_model
    return table if tied else 2 * table
