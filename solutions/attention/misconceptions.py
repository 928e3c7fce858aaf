"""The wrong turns of attention."""

import math

import torch

from autograder.suite import misconception
from solutions.attention.attention import join_heads, scaled_dot_product_attention, split_heads


def attend(query, key, value, mask, scale, dim=-1):
    """Right but for the scale and the dimension of the softmax, which are given."""
    refuse(query, key, value)
    scores = query @ key.transpose(-2, -1) * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=dim)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value


def refuse(query, key, value):
    """Raise what the task has to raise."""
    if query.shape[-1] != key.shape[-1]:
        raise ValueError("query and key differ in d_k")
    if key.shape[-2] != value.shape[-2]:
        raise ValueError("key and value differ in their number of keys")


def refuse_heads(x, heads):
    """Raise what multi-head attention has to raise."""
    if x.shape[-1] % heads:
        raise ValueError("heads does not divide d_model")


@misconception(
    replaces="scaled_dot_product_attention",
    says="the scores are not divided by √d_k",
    hint="Print the standard deviation of the scores as d_k grows from 4 to 400.",
)
def unscaled(query, key, value, mask=None):
    return attend(query, key, value, mask, scale=1.0)


@misconception(
    replaces="scaled_dot_product_attention",
    says="the scores are divided by d_k, not by its square root",
    hint="The dot product of two random vectors of size d_k has variance d_k. "
    "What is its standard deviation?",
)
def scaled_by_d_k(query, key, value, mask=None):
    return attend(query, key, value, mask, scale=1.0 / query.shape[-1])


@misconception(
    replaces="scaled_dot_product_attention",
    says="the softmax runs over the queries, not over the keys",
    hint="Sum your weights over each of their dimensions. Which of the sums should be one?",
)
def softmax_over_queries(query, key, value, mask=None):
    return attend(query, key, value, mask, scale=1.0 / math.sqrt(query.shape[-1]), dim=-2)


@misconception(
    replaces="scaled_dot_product_attention",
    says="the mask is read the wrong way round: True means may attend",
    hint="What does masked_fill do where its mask is True, and what does True mean in ours?",
)
def mask_inverted(query, key, value, mask=None):
    return scaled_dot_product_attention(query, key, value, None if mask is None else ~mask)


@misconception(
    replaces="scaled_dot_product_attention",
    says="masked weights are zeroed after the softmax, so rows no longer sum to one",
    hint="What do the weights of a masked row sum to? Where did the rest of it go?",
)
def masked_after_softmax(query, key, value, mask=None):
    refuse(query, key, value)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    weights = torch.softmax(scores, dim=-1)
    if mask is not None:
        weights = weights.masked_fill(~mask, 0.0)
    return weights @ value


@misconception(
    replaces="scaled_dot_product_attention",
    says="a query that may attend nowhere gives NaN",
    hint="What is the softmax of a row that holds only −inf? Work out its denominator.",
)
def nan_when_fully_masked(query, key, value, mask=None):
    refuse(query, key, value)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1) @ value


@misconception(
    replaces="scaled_dot_product_attention",
    says="the NaN of a query that may attend nowhere is replaced too late, so that gradients are "
    "NaN still",
    hint="The backward pass multiplies by what the forward pass computed. What is 0 · NaN?",
)
def nan_in_the_gradients(query, key, value, mask=None):
    return nan_when_fully_masked(query, key, value, mask).nan_to_num(0.0)


@misconception(
    id="nan_in_the_gradients",
    replaces="scaled_dot_product_attention",
    says="the NaN of a query that may attend nowhere is replaced too late, so that gradients are "
    "NaN still",
    hint="The backward pass of the softmax multiplies by its own output. What is 0 · NaN?",
)
def nan_in_the_gradients_of_an_added_mask(query, key, value, mask=None):
    refuse(query, key, value)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores + torch.zeros(mask.shape, dtype=scores.dtype).masked_fill(~mask, -math.inf)
    return torch.softmax(scores, dim=-1).nan_to_num(0.0) @ value


@misconception(
    replaces="scaled_dot_product_attention",
    says="a query that may attend nowhere gets the average of all values, not zeros",
    hint="If every score of a row is −1e9, what are its weights?",
)
def average_when_fully_masked(query, key, value, mask=None):
    refuse(query, key, value)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return torch.softmax(scores, dim=-1) @ value


@misconception(
    replaces="scaled_dot_product_attention",
    says="the exponentials are taken of the scores as they are, so large scores overflow",
    hint="exp(89) is no float32 any more. What may be taken from all scores of a row "
    "without changing its softmax?",
)
def overflowing_softmax(query, key, value, mask=None):
    refuse(query, key, value)
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    exponentials = torch.exp(scores)
    if mask is None:
        return exponentials / exponentials.sum(dim=-1, keepdim=True) @ value
    exponentials = exponentials.masked_fill(~mask, 0.0)
    total = exponentials.sum(dim=-1, keepdim=True)
    nowhere = ~mask.any(dim=-1, keepdim=True)
    return exponentials / total.masked_fill(nowhere, 1.0) @ value


@misconception(
    replaces="causal_mask",
    says="the mask is aligned to the first key, not to the last",
    hint="Five tokens are in the cache and one query comes. Which keys may it see?",
)
def top_left_causal(queries, keys):
    if not 0 <= queries <= keys:
        raise ValueError("0 <= queries <= keys is needed")
    return torch.ones(queries, keys).tril().bool()


@misconception(
    replaces="causal_mask",
    says="a token may not attend to itself",
    hint="What may the very first token attend to?",
)
def excludes_itself(queries, keys):
    if not 0 <= queries <= keys:
        raise ValueError("0 <= queries <= keys is needed")
    return torch.arange(keys) < torch.arange(queries)[:, None] + keys - queries


@misconception(
    replaces="causal_mask",
    says="the mask is True where a query may not attend",
    hint="Which keys are True in the row of the last query, and which should be?",
)
def true_where_blocked(queries, keys):
    if not 0 <= queries <= keys:
        raise ValueError("0 <= queries <= keys is needed")
    return torch.arange(keys) > torch.arange(queries)[:, None] + keys - queries


@misconception(
    replaces="multi_head_attention",
    says="heads are split with a view on the wrong axes, so tokens and heads mix",
    hint="Number the elements of x from 0 and print what your first head holds. "
    "Which tokens is it made of?",
)
def heads_by_view(x, w_q, w_k, w_v, w_o, heads, mask=None):
    refuse_heads(x, heads)
    batch, tokens, d_model = x.shape
    query, key, value = (
        (x @ weight.T).view(batch, heads, tokens, d_model // heads) for weight in (w_q, w_k, w_v)
    )
    context = scaled_dot_product_attention(query, key, value, mask)
    return context.view(batch, tokens, d_model) @ w_o.T


@misconception(
    replaces="multi_head_attention",
    says="the heads are joined without moving them behind the tokens first, "
    "so tokens and heads mix",
    hint="In which order do the axes lie in memory just before you flatten the heads?",
)
def joined_without_transpose(x, w_q, w_k, w_v, w_o, heads, mask=None):
    refuse_heads(x, heads)
    query, key, value = (split_heads(x @ weight.T, heads) for weight in (w_q, w_k, w_v))
    context = scaled_dot_product_attention(query, key, value, mask)
    return context.reshape(x.shape) @ w_o.T


@misconception(
    replaces="multi_head_attention",
    says="the scores are scaled by √d_model, not by the head's size",
    hint="How many products does one score of one head add up?",
)
def scaled_by_d_model(x, w_q, w_k, w_v, w_o, heads, mask=None):
    refuse_heads(x, heads)
    query, key, value = (split_heads(x @ weight.T, heads) for weight in (w_q, w_k, w_v))
    # √(d_model / heads) is taken back, √d_model put in its place.
    context = scaled_dot_product_attention(query / math.sqrt(heads), key, value, mask)
    return join_heads(context) @ w_o.T


@misconception(
    replaces="multi_head_attention",
    says="the heads are concatenated but not projected with w_o",
    hint="Which of the arguments does your result not depend on?",
)
def no_output_projection(x, w_q, w_k, w_v, w_o, heads, mask=None):
    refuse_heads(x, heads)
    query, key, value = (split_heads(x @ weight.T, heads) for weight in (w_q, w_k, w_v))
    return join_heads(scaled_dot_product_attention(query, key, value, mask))


@misconception(
    replaces="multi_head_attention",
    says="the projections are x @ w, where torch.nn.Linear computes x @ w.T",
    hint="torch.nn.Linear(3, 5).weight has which shape? What does that say about rows and columns?",
)
def weights_not_transposed(x, w_q, w_k, w_v, w_o, heads, mask=None):
    refuse_heads(x, heads)
    query, key, value = (split_heads(x @ weight, heads) for weight in (w_q, w_k, w_v))
    return join_heads(scaled_dot_product_attention(query, key, value, mask)) @ w_o
