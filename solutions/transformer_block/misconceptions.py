"""The wrong turns of a transformer block."""

import math

import torch

from autograder.suite import misconception
from solutions.transformer_block.transformer_block import (
    causal_attention,
    rms_norm,
    swiglu,
    transformer_costs,
)

# ── layer_norm and rms_norm ───────────────────────────────────────────────────────────────────


@misconception(
    replaces="layer_norm",
    says="the variance is divided by d − 1, not by d",
    hint="What does torch.var do unless you tell it? Try a row of two numbers.",
)
def unbiased_variance(x, weight, bias, eps=1e-5):
    centred = x - x.mean(dim=-1, keepdim=True)
    return centred / torch.sqrt(x.var(dim=-1, keepdim=True) + eps) * weight + bias


@misconception(
    replaces="layer_norm",
    says="eps is added after the root, not under it",
    hint="Take a row whose variance is eps itself. By what is it divided?",
)
def eps_outside_the_root(x, weight, bias, eps=1e-5):
    centred = x - x.mean(dim=-1, keepdim=True)
    deviation = centred.square().mean(dim=-1, keepdim=True).sqrt()
    return centred / (deviation + eps) * weight + bias


@misconception(
    replaces="layer_norm",
    says="mean and variance are taken over all axes, not over the last one",
    hint="Should one token's norm depend on the other tokens of the batch?",
)
def normed_over_all_axes(x, weight, bias, eps=1e-5):
    centred = x - x.mean()
    return centred / torch.sqrt(centred.square().mean() + eps) * weight + bias


@misconception(
    replaces="rms_norm",
    says="the mean is subtracted, which RMSNorm does not do",
    hint="What is the norm of a row that is the same number everywhere?",
)
def mean_subtracted(x, weight, eps=1e-6):
    wide = x.float()
    wide = wide - wide.mean(dim=-1, keepdim=True)
    mean_square = wide.square().mean(dim=-1, keepdim=True)
    return (wide / torch.sqrt(mean_square + eps)).to(x.dtype) * weight


@misconception(
    replaces="rms_norm",
    says="the squares are summed in half precision, where they overflow",
    hint="The largest float16 is 65 504. What is the square of 1000?",
)
def half_precision_statistics(x, weight, eps=1e-6):
    mean_square = x.square().mean(dim=-1, keepdim=True)
    return x / torch.sqrt(mean_square + eps) * weight


@misconception(
    replaces="rms_norm",
    says="the squares are added, not averaged",
    hint="A row of d ones: what is its root mean square, whatever d?",
)
def sum_of_squares(x, weight, eps=1e-6):
    wide = x.float()
    total = wide.square().sum(dim=-1, keepdim=True)
    return (wide / torch.sqrt(total + eps)).to(x.dtype) * weight


@misconception(
    replaces="rms_norm",
    says="eps is added after the root, not under it",
    hint="Take a row whose mean square is eps itself. By what is it divided?",
)
def eps_after_the_root(x, weight, eps=1e-6):
    wide = x.float()
    root = wide.square().mean(dim=-1, keepdim=True).sqrt()
    return (wide / (root + eps)).to(x.dtype) * weight


@misconception(
    replaces="rms_norm",
    says="the result is left in float32, whatever the dtype of x",
    hint="Which dtype does the next product with float16 weights want?",
)
def left_in_float32(x, weight, eps=1e-6):
    return rms_norm(x.float(), weight.float(), eps)


@misconception(
    replaces="rms_norm",
    says="the weight is applied as 1 + weight",
    hint="With which weight does your norm only normalise?",
)
def one_plus_weight(x, weight, eps=1e-6):
    return rms_norm(x, 1 + weight, eps)


# ── transformer_block ─────────────────────────────────────────────────────────────────────────


def refuse(x, heads):
    """Raise what the block has to raise."""
    if x.shape[-1] % heads:
        raise ValueError("heads does not divide d_model")


def attend(x, weights, heads, *, causal=True, sharpen=1.0, project=True):
    """Right but for what the keywords say."""
    query, key, value = (
        (x @ weights[name].T).unflatten(-1, (heads, -1)).transpose(1, 2)
        for name in ("w_q", "w_k", "w_v")
    )
    scores = sharpen * query @ key.mT / math.sqrt(query.shape[-1])
    if causal:
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(diagonal=1)
        scores = scores.masked_fill(hidden, -math.inf)
    context = (torch.softmax(scores, dim=-1) @ value).transpose(1, 2).flatten(2)
    return context @ weights["w_o"].T if project else context


def feed_forward(x, weights, activate_gate, activate_up):
    """Right but for the two activations."""
    gate, up = activate_gate(x @ weights["w_gate"].T), activate_up(x @ weights["w_up"].T)
    return gate * up @ weights["w_down"].T


def block(x, weights, heads, eps, attention=causal_attention, network=swiglu):
    """Right but for the sublayers that are given."""
    refuse(x, heads)
    h = x + attention(rms_norm(x, weights["attn_norm"], eps), weights, heads)
    return h + network(rms_norm(h, weights["ffn_norm"], eps), weights)


@misconception(
    replaces="transformer_block",
    says="the norm is applied after the residual sum, not before each sublayer",
    hint="Is there a path from x to your result that no norm lies on?",
)
def post_norm(x, weights, heads, eps=1e-6):
    refuse(x, heads)
    h = rms_norm(x + causal_attention(x, weights, heads), weights["attn_norm"], eps)
    return rms_norm(h + swiglu(h, weights), weights["ffn_norm"], eps)


@misconception(
    replaces="transformer_block",
    says="the residual adds the normed input, not the input itself",
    hint="With all projections zero, what should the block return?",
)
def residual_from_normed(x, weights, heads, eps=1e-6):
    refuse(x, heads)
    n = rms_norm(x, weights["attn_norm"], eps)
    h = n + causal_attention(n, weights, heads)
    n = rms_norm(h, weights["ffn_norm"], eps)
    return n + swiglu(n, weights)


@misconception(
    replaces="transformer_block",
    says="tokens attend to later tokens",
    hint="Change the last token. Which outputs change?",
)
def not_causal(x, weights, heads, eps=1e-6):
    return block(x, weights, heads, eps, lambda n, w, h: attend(n, w, h, causal=False))


@misconception(
    replaces="transformer_block",
    says="silu is applied to the up projection instead of to the gate",
    hint="Which of the two projections may close a channel?",
)
def gate_swapped(x, weights, heads, eps=1e-6):
    silu = torch.nn.functional.silu
    return block(x, weights, heads, eps, network=lambda n, w: feed_forward(n, w, lambda z: z, silu))


@misconception(
    replaces="transformer_block",
    says="the gate is a sigmoid, not silu",
    hint="silu(z) = z · sigmoid(z). Which factor is missing?",
)
def sigmoid_gate(x, weights, heads, eps=1e-6):
    return block(
        x, weights, heads, eps, network=lambda n, w: feed_forward(n, w, torch.sigmoid, lambda z: z)
    )


@misconception(
    replaces="transformer_block",
    says="the feed-forward network reads the block's input, not what attention has added to it",
    hint="Which tensor does the second norm normalise?",
)
def parallel_sublayers(x, weights, heads, eps=1e-6):
    refuse(x, heads)
    h = x + causal_attention(rms_norm(x, weights["attn_norm"], eps), weights, heads)
    return h + swiglu(rms_norm(x, weights["ffn_norm"], eps), weights)


@misconception(
    replaces="transformer_block",
    says="the feed-forward network reads the stream without its norm",
    hint="Which of the two norm weights does your result not depend on?",
)
def second_norm_left_out(x, weights, heads, eps=1e-6):
    refuse(x, heads)
    h = x + causal_attention(rms_norm(x, weights["attn_norm"], eps), weights, heads)
    return h + swiglu(h, weights)


@misconception(
    replaces="transformer_block",
    says="the scores are scaled by √d_model, not by the head's size",
    hint="How many products does one score of one head add up?",
)
def scaled_by_d_model(x, weights, heads, eps=1e-6):
    sharpen = 1 / math.sqrt(heads)
    return block(x, weights, heads, eps, lambda n, w, h: attend(n, w, h, sharpen=sharpen))


@misconception(
    replaces="transformer_block",
    says="the heads are joined but not projected with w_o",
    hint="Which of the weights does your result not depend on?",
)
def no_output_projection(x, weights, heads, eps=1e-6):
    return block(x, weights, heads, eps, lambda n, w, h: attend(n, w, h, project=False))


# ── transformer_costs ─────────────────────────────────────────────────────────────────────────


def costs(
    arguments,
    tied,
    *,
    matrices=3,
    full_kv=False,
    score_flops=4,
    final_norm=True,
    vocabulary_products=1,
    training=3,
):
    """Right but for what the keywords say, which carries into all that is computed from it."""
    transformer_costs(*arguments, tied)
    layers, d_model, heads, kv_heads, d_ff, vocab, tokens = arguments
    key_columns = d_model if full_kv else kv_heads * (d_model // heads)
    products = 2 * d_model**2 + 2 * d_model * key_columns + matrices * d_model * d_ff
    embedding = vocab * d_model * (1 if tied else 2)
    multiplied = layers * products + vocabulary_products * vocab * d_model
    forward = 2 * tokens * multiplied + score_flops * layers * tokens**2 * d_model
    return {
        "embedding_parameters": embedding,
        "layer_parameters": products + 2 * d_model,
        "parameters": layers * (products + 2 * d_model) + embedding + d_model * final_norm,
        "forward_flops": forward,
        "training_flops": training * forward,
    }


@misconception(
    replaces="transformer_costs",
    says="the feed-forward is counted with two matrices, but SwiGLU has three",
    hint="Count the weights of the block that you wrote.",
)
def two_matrix_ffn(layers, d_model, heads, kv_heads, d_ff, vocab, tokens, tied=True):
    arguments = layers, d_model, heads, kv_heads, d_ff, vocab, tokens
    return costs(arguments, tied, matrices=2)


@misconception(
    replaces="transformer_costs",
    says="the products of queries with keys and of weights with values are left out of the FLOPs",
    hint="Which matrix products of a layer have no weights in them?",
)
def scores_not_counted(layers, d_model, heads, kv_heads, d_ff, vocab, tokens, tied=True):
    arguments = layers, d_model, heads, kv_heads, d_ff, vocab, tokens
    return costs(arguments, tied, score_flops=0)


@misconception(
    replaces="transformer_costs",
    says="only half of the scores are counted, those that the causal mask leaves",
    hint="What does a plain matrix product compute above the diagonal?",
)
def causal_half_counted(layers, d_model, heads, kv_heads, d_ff, vocab, tokens, tied=True):
    arguments = layers, d_model, heads, kv_heads, d_ff, vocab, tokens
    return costs(arguments, tied, score_flops=2)


@misconception(
    replaces="transformer_costs",
    says="the key and value projections are counted at full size d_model × d_model",
    hint="How many rows does w_k have with fewer kv heads?",
)
def full_kv_projections(layers, d_model, heads, kv_heads, d_ff, vocab, tokens, tied=True):
    arguments = layers, d_model, heads, kv_heads, d_ff, vocab, tokens
    return costs(arguments, tied, full_kv=True)


@misconception(
    replaces="transformer_costs",
    says="the final norm is left out of the parameters",
    hint="What stands between the last block and the projection to the vocabulary?",
)
def final_norm_forgotten(layers, d_model, heads, kv_heads, d_ff, vocab, tokens, tied=True):
    arguments = layers, d_model, heads, kv_heads, d_ff, vocab, tokens
    return costs(arguments, tied, final_norm=False)


@misconception(
    replaces="transformer_costs",
    says="the product with the vocabulary is left out of the FLOPs",
    hint="How does the last hidden state become a score for each word?",
)
def vocabulary_not_multiplied(layers, d_model, heads, kv_heads, d_ff, vocab, tokens, tied=True):
    arguments = layers, d_model, heads, kv_heads, d_ff, vocab, tokens
    return costs(arguments, tied, vocabulary_products=0)


@misconception(
    replaces="transformer_costs",
    says="the look-up of an embedding that is not tied is counted as a matrix product",
    hint="How many multiplications does it take to read a row of a table?",
)
def lookup_counted(layers, d_model, heads, kv_heads, d_ff, vocab, tokens, tied=True):
    arguments = layers, d_model, heads, kv_heads, d_ff, vocab, tokens
    return costs(arguments, tied, vocabulary_products=1 if tied else 2)


@misconception(
    replaces="transformer_costs",
    says="the backward pass is counted like one forward pass, but it has two products for each",
    hint="Of y = x Wᵀ, which two gradients does the backward pass compute?",
)
def backward_counted_once(layers, d_model, heads, kv_heads, d_ff, vocab, tokens, tied=True):
    arguments = layers, d_model, heads, kv_heads, d_ff, vocab, tokens
    return costs(arguments, tied, training=2)
