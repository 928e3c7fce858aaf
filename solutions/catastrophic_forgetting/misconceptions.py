"""The wrong turns of measuring and preventing forgetting."""

import torch

from autograder.suite import misconception
from solutions.catastrophic_forgetting.catastrophic_forgetting import (
    continual_metrics,
    diagonal_fisher,
    ewc_penalty,
    replay_stream,
)

# ── diagonal_fisher ───────────────────────────────────────────────────────────────────────────


def errors_of(weight, x, labels):
    """Return the gradient of each log p in the logits."""
    p = (x @ weight.T).softmax(dim=-1)
    return torch.nn.functional.one_hot(labels, len(weight)) - p


@misconception(
    replaces="diagonal_fisher",
    says="with labels, the mean gradient is squared, not each example's gradient, so opposite "
    "examples cancel",
    hint="Two examples pull a weight with equal force in opposite directions. Does it matter?",
)
def square_of_the_mean(weight, x, labels=None):
    right = diagonal_fisher(weight, x, labels)
    if labels is None:
        return right
    return (errors_of(weight, x, labels).T @ x / len(x)) ** 2


@misconception(
    replaces="diagonal_fisher",
    says="without labels the most probable class is taken, not the expectation over all classes",
    hint="How often does the model itself draw the other classes?",
)
def most_likely_label(weight, x, labels=None):
    if labels is None:
        labels = (x @ weight.T).argmax(dim=-1)
    return diagonal_fisher(weight, x, labels)


@misconception(
    replaces="diagonal_fisher",
    says="the squares are summed over examples, not averaged",
    hint="Give each example twice. Should the Fisher information double?",
)
def summed(weight, x, labels=None):
    return diagonal_fisher(weight, x, labels) * len(x)


@misconception(
    replaces="diagonal_fisher",
    says="without labels all classes weigh the same, whatever the model thinks of them",
    hint="Which distribution is the expectation taken over?",
)
def classes_weigh_alike(weight, x, labels=None):
    right = diagonal_fisher(weight, x, labels)
    if labels is not None:
        return right
    each = [diagonal_fisher(weight, x, torch.full((len(x),), c)) for c in range(len(weight))]
    return sum(each) / len(weight)


@misconception(
    replaces="diagonal_fisher",
    says="labels are ignored: the true Fisher is returned where the empirical one was asked for",
    hint="Does your result change with the labels?",
)
def labels_ignored(weight, x, labels=None):
    diagonal_fisher(weight, x, labels)
    return diagonal_fisher(weight, x)


@misconception(
    replaces="diagonal_fisher",
    says="the gradients are not squared: their sizes are averaged",
    hint="Double x. By which factor should the Fisher information grow?",
)
def sizes_not_squares(weight, x, labels=None):
    diagonal_fisher(weight, x, labels)
    if labels is not None:
        return errors_of(weight, x, labels).abs().T @ x.abs() / len(x)
    p = (x @ weight.T).softmax(dim=-1)
    # p (1 − p) + (1 − p) p
    return (2 * p * (1 - p)).T @ x.abs() / len(x)


# ── ewc_penalty ───────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="ewc_penalty",
    says="the factor one half is missing",
    hint="What is the gradient of your penalty? Which factor does it have that λ F (θ − θ*) lacks?",
)
def no_half(parameters, anchors, fishers, strength):
    return 2 * ewc_penalty(parameters, anchors, fishers, strength)


@misconception(
    replaces="ewc_penalty",
    says="the parameters are pulled to zero (weight decay), not to the old ones",
    hint="What is the penalty of a model that has not changed at all?",
)
def pulled_to_zero(parameters, anchors, fishers, strength):
    ewc_penalty(parameters, anchors, fishers, strength)
    zeros = [torch.zeros_like(anchor) for anchor in anchors]
    return ewc_penalty(parameters, zeros, fishers, strength)


@misconception(
    replaces="ewc_penalty",
    says="every parameter is held alike: the Fisher weights are not used",
    hint="A parameter with a Fisher information of 0: may it move?",
)
def fisher_ignored(parameters, anchors, fishers, strength):
    ewc_penalty(parameters, anchors, fishers, strength)
    ones = [torch.ones_like(fisher) for fisher in fishers]
    return ewc_penalty(parameters, anchors, ones, strength)


@misconception(
    replaces="ewc_penalty",
    says="the penalty is averaged over the elements, not summed",
    hint="Split a tensor in two. Does the penalty change?",
)
def averaged(parameters, anchors, fishers, strength):
    ewc_penalty(parameters, anchors, fishers, strength)
    penalty = torch.zeros(())
    for parameter, anchor, fisher in zip(parameters, anchors, fishers, strict=True):
        held = fisher.detach() * (parameter - anchor.detach()) ** 2
        penalty = penalty + (held.mean() if held.numel() else held.sum())
    return strength / 2 * penalty


@misconception(
    replaces="ewc_penalty",
    says="the distance is not squared",
    hint="Move twice as far from the old value. By which factor does the penalty grow?",
)
def distance_not_squared(parameters, anchors, fishers, strength):
    penalty = 0 * ewc_penalty(parameters, anchors, fishers, strength)
    for parameter, anchor, fisher in zip(parameters, anchors, fishers, strict=True):
        penalty = penalty + (fisher.detach() * (parameter - anchor.detach()).abs()).sum()
    return strength / 2 * penalty


@misconception(
    replaces="ewc_penalty",
    says="the gradient reaches the anchors and the Fisher weights too",
    hint="Which of the three lists is in training?",
)
def everything_trained(parameters, anchors, fishers, strength):
    ewc_penalty(parameters, anchors, fishers, strength)
    penalty = torch.zeros(())
    for parameter, anchor, fisher in zip(parameters, anchors, fishers, strict=True):
        penalty = penalty + (fisher * (parameter - anchor) ** 2).sum()
    return strength / 2 * penalty


# ── replay_stream ─────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="replay_stream",
    says="percent is taken of the new examples, not of the whole stream: a replay follows the k-th "
    "new example when k·percent // 100 rises",
    hint="At 50 percent, how many of a hundred items are old?",
)
def percent_of_new(new, old, percent):
    replay_stream(new, old, percent)
    stream = []
    for k in range(1, new + 1):
        stream.append(("new", k - 1))
        before = (k - 1) * percent // 100
        if k * percent // 100 > before and k < new:
            stream.append(("old", before % old))
    return stream


@misconception(
    replaces="replay_stream",
    says="the replays stop when the old examples have all been used once, and their places go to "
    "new ones",
    hint="There are few old examples and many new ones. What is replayed in the second half?",
)
def old_not_cycled(new, old, percent):
    replay_stream(new, old, percent)
    stream, replays, places = [], 0, 0
    while len(stream) - replays < new:
        if (places + 1) * percent // 100 > places * percent // 100 and replays < old:
            stream.append(("old", replays))
            replays += 1
        else:
            stream.append(("new", len(stream) - replays))
        places += 1
    return stream


@misconception(
    replaces="replay_stream",
    says="a replay follows the last new example where the next place is one",
    hint="Which item is the last of the stream?",
)
def replay_at_the_end(new, old, percent):
    stream = replay_stream(new, old, percent)
    i = len(stream)
    replays = i - new
    while stream and (i + 1) * percent // 100 > i * percent // 100:
        stream.append(("old", replays % old))
        replays += 1
        i += 1
    return stream


@misconception(
    replaces="replay_stream",
    says="replays come as early as they can: the first item of the stream is one",
    hint="How many of the first i items are old, for i = 1, 2, 3?",
)
def replays_come_early(new, old, percent):
    replay_stream(new, old, percent)
    stream, replays = [], 0
    while len(stream) - replays < new:
        i = len(stream)
        if -(-(i + 1) * percent // 100) > -(-i * percent // 100):
            stream.append(("old", replays % old))
            replays += 1
        else:
            stream.append(("new", i - replays))
    return stream


@misconception(
    replaces="replay_stream",
    says="all replays come after the new examples, not in between",
    hint="What has the model forgotten by the time the first old example comes?",
)
def replays_behind(new, old, percent):
    return sorted(replay_stream(new, old, percent), key=lambda item: item[0] == "old")


# ── continual_metrics ─────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="continual_metrics",
    says="forgetting is measured from the accuracy right after the task, not from the best before "
    "the last",
    hint="A later task made an earlier one better, then it was lost. From where did it fall?",
)
def forgetting_from_the_diagonal(accuracy):
    right = continual_metrics(accuracy)
    return {**right, "forgetting": -right["backward_transfer"]}


@misconception(
    replaces="continual_metrics",
    says="the best before includes the last row, so that forgetting is never negative",
    hint="A task is better at the end than ever before. What is its forgetting?",
)
def never_negative(accuracy):
    right = continual_metrics(accuracy)
    if len(accuracy) == 1:
        return right
    fall = accuracy[:, :-1].max(axis=0) - accuracy[-1, :-1]
    return {**right, "forgetting": fall.mean()}


@misconception(
    replaces="continual_metrics",
    says="the best before is looked for from the task's own training on, not in all rows",
    hint="A task may have been solved better before it was trained on. Is that a best?",
)
def best_since_training(accuracy):
    right = continual_metrics(accuracy)
    tasks = len(accuracy)
    if tasks == 1:
        return right
    falls = [accuracy[j:-1, j].max() - accuracy[-1, j] for j in range(tasks - 1)]
    return {**right, "forgetting": sum(falls) / len(falls)}


@misconception(
    replaces="continual_metrics",
    says="the means of forgetting and backward transfer are taken over all tasks, the last one too",
    hint="How much of the last task can have been forgotten?",
)
def last_task_counted(accuracy):
    right = continual_metrics(accuracy)
    tasks = len(accuracy)
    share = (tasks - 1) / tasks
    return {
        **right,
        "forgetting": share * right["forgetting"],
        "backward_transfer": share * right["backward_transfer"],
    }


@misconception(
    replaces="continual_metrics",
    says="the average is that of the diagonal: each task right after its own training",
    hint="Which model will you deploy, and how good is it on each task?",
)
def average_of_the_diagonal(accuracy):
    right = continual_metrics(accuracy)
    return {**right, "average_accuracy": accuracy.diagonal().mean()}


@misconception(
    replaces="continual_metrics",
    says="rows and columns are taken for each other",
    hint="Is the row the task that was trained on, or the task that was tested?",
)
def transposed(accuracy):
    return continual_metrics(accuracy.T)
