"""The wrong turns of a mixture of experts."""

import torch
from torch.nn.functional import one_hot

from autograder.suite import misconception
from solutions.mixture_of_experts.mixture_of_experts import (
    dispatch,
    load_balancing_loss,
    moe_layer,
    route,
)

# ── route ─────────────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="route",
    says="the weights of the chosen experts do not sum to one",
    hint="Add up the weights of one token. Where is the rest?",
)
def not_renormalised(logits, k):
    experts, _ = route(logits, k)
    return experts, torch.softmax(logits, dim=1).gather(1, experts)


@misconception(
    replaces="route",
    says="a second softmax is applied to the chosen probabilities",
    hint="Two experts have probabilities 0.6 and 0.2. Which one should get three times the weight?",
)
def softmax_of_probabilities(logits, k):
    experts, _ = route(logits, k)
    chosen = torch.softmax(logits, dim=1).gather(1, experts)
    return experts, torch.softmax(chosen, dim=1)


@misconception(
    id="gates_ignored",
    replaces="route",
    says="all chosen experts get the same weight",
    hint="Does a weight of yours change when a logit does? What would the router learn from then?",
)
def equal_weights(logits, k):
    experts, weights = route(logits, k)
    return experts, torch.full_like(weights, 1 / k)


@misconception(
    replaces="route",
    says="of equal logits the higher expert is taken first",
    hint="In which order does your sort leave two equal numbers, and does flipping it keep that?",
)
def higher_expert_first(logits, k):
    route(logits, k)
    backwards = logits.flip(dims=[1]).sort(dim=1, descending=True, stable=True)
    experts = logits.shape[1] - 1 - backwards.indices[:, :k]
    return experts, torch.softmax(backwards.values[:, :k], dim=1)


@misconception(
    replaces="route",
    says="the chosen experts are listed by number, not by descending logit",
    hint="Which of the k experts is a token's first choice? Can dispatch tell?",
)
def listed_by_number(logits, k):
    experts, weights = route(logits, k)
    order = experts.argsort(dim=1)
    return experts.gather(1, order), weights.gather(1, order)


# ── dispatch ──────────────────────────────────────────────────────────────────────────────────


def counted(queue, experts):
    """Return for each assignment of a queue how many of its expert came before it."""
    taken = one_hot(queue, experts).cumsum(dim=0)
    return taken.gather(1, queue[:, None])[:, 0] - 1


@misconception(
    replaces="dispatch",
    says="slots go token by token, so a second choice can take the place of a later token's "
    "first choice",
    hint="The last token's first choice meets a full buffer. Who sits in it?",
)
def token_order_first(indices, experts, capacity):
    dispatch(indices, experts, capacity)
    slots = counted(indices.flatten(), experts).view(indices.shape)
    return slots.masked_fill(slots >= capacity, -1)


@misconception(
    replaces="dispatch",
    says="slots start again from 0 for each choice, so two tokens share a slot",
    hint="Which slots have the first choices taken before the second ones come?",
)
def restarted_each_choice(indices, experts, capacity):
    dispatch(indices, experts, capacity)
    slots = torch.stack([counted(column, experts) for column in indices.T], dim=1)
    return slots.masked_fill(slots >= capacity, -1)


@misconception(
    id="capacity_ignored",
    replaces="dispatch",
    says="assignments beyond the capacity keep their slots",
    hint="How many slots does a buffer of capacity 2 have, and which numbers?",
)
def nothing_dropped(indices, experts, capacity):
    dispatch(indices, experts, capacity)
    return dispatch(indices, experts, indices.numel())


@misconception(
    replaces="dispatch",
    says="slots are counted from 1",
    hint="Which slot does the first token of an expert get?",
)
def counted_from_one(indices, experts, capacity):
    slots = dispatch(indices, experts, capacity)
    return torch.where(slots >= 0, slots + 1, slots)


@misconception(
    replaces="dispatch",
    says="a buffer holds one assignment more than its capacity",
    hint="With capacity 1, which slots exist?",
)
def one_too_many(indices, experts, capacity):
    dispatch(indices, experts, capacity)
    return dispatch(indices, experts, capacity + 1)


# ── moe_layer ─────────────────────────────────────────────────────────────────────────────────


def outputs_of_all(x, w_in, w_out, activation=torch.relu):
    """Return what every expert makes of every token, [tokens experts d]."""
    hidden = activation(torch.einsum("td,efd->tef", x, w_in))
    return torch.einsum("tef,edf->ted", hidden, w_out)


def parts(x, router, w_in, w_out, k, capacity, activation=torch.relu):
    """Return weights, which assignments got a slot, and the chosen experts' outputs."""
    chosen, weights = route(x @ router.T, k)
    slots = dispatch(chosen, len(router), len(x) if capacity is None else capacity)
    outputs = outputs_of_all(x, w_in, w_out, activation)
    outputs = outputs.gather(1, chosen[:, :, None].expand(-1, -1, x.shape[1]))
    return weights, slots >= 0, outputs


def combined(weights, kept, outputs):
    """Add up the outputs of the assignments that got a slot."""
    return (weights.masked_fill(~kept, 0.0)[:, :, None] * outputs).sum(dim=1)


@misconception(
    replaces="moe_layer",
    says="the outputs of the experts are averaged instead of weighted",
    hint="Does the output change when the router prefers its first choice more strongly?",
)
def gates_ignored(x, router, w_in, w_out, k, capacity=None):
    weights, kept, outputs = parts(x, router, w_in, w_out, k, capacity)
    return combined(torch.full_like(weights, 1 / k), kept, outputs)


@misconception(
    replaces="moe_layer",
    says="the weights are renormalised over the assignments that were not dropped",
    hint="A token lost its first choice. What should its second choice be multiplied by?",
)
def renormalised_after_drop(x, router, w_in, w_out, k, capacity=None):
    weights, kept, outputs = parts(x, router, w_in, w_out, k, capacity)
    weights = weights.masked_fill(~kept, 0.0)
    total = weights.sum(dim=1, keepdim=True)
    return combined(weights / total.masked_fill(total == 0, 1.0), kept, outputs)


@misconception(
    replaces="moe_layer",
    says="every expert contributes with its softmax weight, not only the chosen k",
    hint="How many experts does one token pass through? What was the router to save?",
)
def all_experts_run(x, router, w_in, w_out, k, capacity=None):
    moe_layer(x, router, w_in, w_out, k, capacity)
    weights = torch.softmax(x @ router.T, dim=1)
    return torch.einsum("te,ted->td", weights, outputs_of_all(x, w_in, w_out))


@misconception(
    replaces="moe_layer",
    says="the capacity is ignored: nothing is dropped",
    hint="How many tokens does an expert compute when its capacity is 1?",
)
def capacity_ignored(x, router, w_in, w_out, k, capacity=None):
    moe_layer(x, router, w_in, w_out, k, capacity)
    return moe_layer(x, router, w_in, w_out, k)


@misconception(
    replaces="moe_layer",
    says="a token that is dropped everywhere passes through unchanged instead of giving zeros",
    hint="In a block the residual is added outside of the layer. What is x + layer(x) then?",
)
def dropped_tokens_pass_through(x, router, w_in, w_out, k, capacity=None):
    weights, kept, outputs = parts(x, router, w_in, w_out, k, capacity)
    return torch.where(kept.any(dim=1, keepdim=True), combined(weights, kept, outputs), x)


@misconception(
    replaces="moe_layer",
    says="the experts have no relu between their two matrices",
    hint="What is the product of two matrices with nothing between them?",
)
def no_activation(x, router, w_in, w_out, k, capacity=None):
    def identity(hidden):
        return hidden

    return combined(*parts(x, router, w_in, w_out, k, capacity, identity))


@misconception(
    replaces="moe_layer",
    says="the weights are cut off from the graph, so no gradient reaches the router",
    hint="The choice of experts has no gradient. Which other result of route has one?",
)
def router_detached(x, router, w_in, w_out, k, capacity=None):
    weights, kept, outputs = parts(x, router, w_in, w_out, k, capacity)
    return combined(weights.detach(), kept, outputs)


# ── load_balancing_loss ───────────────────────────────────────────────────────────────────────


def shares(logits, k):
    """Return the share of the assignments that goes to each expert, after the task's checks."""
    load_balancing_loss(logits, k)
    chosen, _ = route(logits, k)
    return one_hot(chosen, logits.shape[1]).sum(dim=(0, 1)) / chosen.numel()


@misconception(
    replaces="load_balancing_loss",
    says="the loss is a variance of hard counts, so no gradient reaches the router",
    hint="Call backward() on your loss. What is the gradient of a count?",
)
def counts_only(logits, k):
    return (shares(logits, k) - 1 / logits.shape[1]).square().mean()


@misconception(
    replaces="load_balancing_loss",
    says="shares are counted per token, so the balanced loss is k instead of 1",
    hint="What do your shares sum to when each token has two experts?",
)
def not_divided_by_k(logits, k):
    return load_balancing_loss(logits, k) * k


@misconception(
    replaces="load_balancing_loss",
    says="the sum is not multiplied by the number of experts",
    hint="What is Σ f · P when all is balanced over 8 experts?",
)
def no_expert_factor(logits, k):
    return load_balancing_loss(logits, k) / logits.shape[1]


@misconception(
    replaces="load_balancing_loss",
    says="only first choices are counted in the shares",
    hint="With k = 2, how many assignments does one token make?",
)
def first_choices_only(logits, k):
    load_balancing_loss(logits, k)
    probability = torch.softmax(logits, dim=1).mean(dim=0)
    return logits.shape[1] * (shares(logits, 1) * probability).sum()


@misconception(
    replaces="load_balancing_loss",
    says="P is the mean of the weights of the chosen experts, not of the full softmax",
    hint="Can an expert that no token has chosen get a gradient from your loss?",
)
def weights_for_probabilities(logits, k):
    chosen, weights = route(logits, k)
    gates = torch.zeros_like(logits).scatter(1, chosen, weights)
    return logits.shape[1] * (shares(logits, k) * gates.mean(dim=0)).sum()


@misconception(
    replaces="load_balancing_loss",
    says="f is replaced by the mean probabilities, so the hard choice is not looked at",
    hint="All tokens prefer expert 0 by a hair. What is the share of expert 0?",
)
def probabilities_squared(logits, k):
    load_balancing_loss(logits, k)
    return logits.shape[1] * torch.softmax(logits, dim=1).mean(dim=0).square().sum()
