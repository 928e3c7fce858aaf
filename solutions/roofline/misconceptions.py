"""The wrong turns of the roofline."""

import math

from autograder.suite import misconception
from solutions.roofline.roofline import (
    compute_bound_batch,
    decode_step,
    fusion_traffic,
    linear_roofline,
    parts_of_a_step,
    roofline,
)

# ── linear_roofline ───────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="linear_roofline",
    says="a multiply and an add are counted as one operation, so the flops are half",
    hint="The FLOP/s of a device count a fused multiply-add as two. And your FLOPs?",
)
def one_flop_per_multiply_add(tokens, d_in, d_out, weight_bytes, activation_bytes, device):
    whole = linear_roofline(tokens, d_in, d_out, weight_bytes, activation_bytes, device)
    return roofline(whole["flops"] / 2, whole["bytes"], device)


@misconception(
    replaces="linear_roofline",
    says="compute and memory time are added, though they overlap",
    hint="While one tile is being multiplied, what do the memory controllers do?",
)
def time_is_the_sum(tokens, d_in, d_out, weight_bytes, activation_bytes, device):
    right = linear_roofline(tokens, d_in, d_out, weight_bytes, activation_bytes, device)
    time = right["flops"] / device["flops"] + right["bytes"] / device["bandwidth"]
    return {**right, "time": time}


@misconception(
    replaces="linear_roofline",
    says="only the weights cross the memory, not the activations",
    hint="Where do x and y lie before and after the kernel?",
)
def activations_are_free(tokens, d_in, d_out, weight_bytes, activation_bytes, device):
    right = linear_roofline(tokens, d_in, d_out, weight_bytes, activation_bytes, device)
    return roofline(right["flops"], d_in * d_out * weight_bytes, device)


@misconception(
    replaces="linear_roofline",
    says="the output is not counted: it has to be written as the input has to be read",
    hint="Where does y go?",
)
def output_not_written(tokens, d_in, d_out, weight_bytes, activation_bytes, device):
    right = linear_roofline(tokens, d_in, d_out, weight_bytes, activation_bytes, device)
    return roofline(right["flops"], right["bytes"] - tokens * d_out * activation_bytes, device)


# ── decode_step ───────────────────────────────────────────────────────────────────────────────


def step(flops, traffic, batch, device):
    result = roofline(flops, traffic, device)
    return {**result, "tokens_per_second": batch / result["time"]}


@misconception(
    replaces="decode_step",
    says="the weights are read again for every sequence of the batch, so batching gains nothing",
    hint="A weight has been read. For how many sequences can it be used?",
)
def weights_read_per_sequence(model, batch, context, weight_bytes, kv_bytes, device):
    right = decode_step(model, batch, context, weight_bytes, kv_bytes, device)
    again = (batch - 1) * model["parameters"] * weight_bytes
    return step(right["flops"], right["bytes"] + again, batch, device)


@misconception(
    replaces="decode_step",
    says="the KV cache is read once for the whole batch, though every sequence has its own",
    hint="Can two requests with different prompts share their keys?",
)
def cache_shared_by_batch(model, batch, context, weight_bytes, kv_bytes, device):
    right = decode_step(model, batch, context, weight_bytes, kv_bytes, device)
    weights, cache, _ = parts_of_a_step(model, context, weight_bytes, kv_bytes, device)
    return step(right["flops"], weights + cache, batch, device)


@misconception(
    replaces="decode_step",
    says="the cache is sized by the query heads, not by the KV heads",
    hint="Six query heads share two KV heads. Of which are the keys kept?",
)
def cache_by_query_heads(model, batch, context, weight_bytes, kv_bytes, device):
    right = decode_step(model, batch, context, weight_bytes, kv_bytes, device)
    wider = {**model, "kv_heads": model["heads"]}
    weights, cache, _ = parts_of_a_step(wider, context, weight_bytes, kv_bytes, device)
    return step(right["flops"], weights + batch * cache, batch, device)


@misconception(
    replaces="decode_step",
    says="the cache counts keys but not values",
    hint="What does attention read of a token besides its key?",
)
def keys_without_values(model, batch, context, weight_bytes, kv_bytes, device):
    right = decode_step(model, batch, context, weight_bytes, kv_bytes, device)
    weights, cache, _ = parts_of_a_step(model, context, weight_bytes, kv_bytes, device)
    return step(right["flops"], weights + batch * cache / 2, batch, device)


@misconception(
    replaces="decode_step",
    says="the FLOPs of attention are counted by the KV heads, though every query head has scores",
    hint="GQA makes the cache smaller. Does it make fewer scores?",
)
def attention_by_kv_heads(model, batch, context, weight_bytes, kv_bytes, device):
    right = decode_step(model, batch, context, weight_bytes, kv_bytes, device)
    fewer = {**model, "heads": model["kv_heads"]}
    flops = parts_of_a_step(fewer, context, weight_bytes, kv_bytes, device)[2]
    return step(batch * flops, right["bytes"], batch, device)


@misconception(
    replaces="decode_step",
    says="tokens per second are those of one sequence, not of the batch",
    hint="How many tokens are there after one step?",
)
def one_token_per_step(model, batch, context, weight_bytes, kv_bytes, device):
    right = decode_step(model, batch, context, weight_bytes, kv_bytes, device)
    return {**right, "tokens_per_second": 1 / right["time"]}


# ── compute_bound_batch ───────────────────────────────────────────────────────────────────────


@misconception(
    replaces="compute_bound_batch",
    says="the cache traffic is left out (the attention's flops are not), so a long context still "
    "seems to become compute-bound",
    hint="Give your batch to `decode_step`. What does it say of a long context?",
)
def ridge_point_only(model, context, weight_bytes, kv_bytes, device):
    weights, _, flops = parts_of_a_step(model, context, weight_bytes, kv_bytes, device)
    return math.ceil(weights / device["bandwidth"] / (flops / device["flops"]))


@misconception(
    replaces="compute_bound_batch",
    says="the batch is rounded down, to one that is still memory-bound",
    hint="Give your batch to `decode_step`. What does it say?",
)
def rounds_down(model, context, weight_bytes, kv_bytes, device):
    batch = compute_bound_batch(model, context, weight_bytes, kv_bytes, device)
    if batch is None or batch == 1:
        return batch
    step = decode_step(model, batch, context, weight_bytes, kv_bytes, device)
    exact = step["flops"] / device["flops"] == step["bytes"] / device["bandwidth"]
    return batch if exact else batch - 1


@misconception(
    replaces="compute_bound_batch",
    says="the batch at which both times are equal does not count as compute-bound",
    hint="Is the comparison of `decode_step` a `>` or a `≥`?",
)
def beyond_the_boundary(model, context, weight_bytes, kv_bytes, device):
    batch = compute_bound_batch(model, context, weight_bytes, kv_bytes, device)
    if batch is None:
        return None
    step = decode_step(model, batch, context, weight_bytes, kv_bytes, device)
    exact = step["flops"] / device["flops"] == step["bytes"] / device["bandwidth"]
    return batch + 1 if exact else batch


@misconception(
    replaces="compute_bound_batch",
    says="the FLOPs of attention are left out (the cache traffic is not)",
    hint="A long context costs FLOPs too. On which side of the inequality are they?",
)
def attention_costs_no_flops(model, context, weight_bytes, kv_bytes, device):
    silent = {**model, "heads": 0}
    return compute_bound_batch(silent, context, weight_bytes, kv_bytes, device)


# ── fusion_traffic ────────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="fusion_traffic",
    says="the fused kernel still writes its intermediate results",
    hint="Who would read an intermediate result from memory?",
)
def intermediates_written(ops, sizes, outputs):
    unfused, fused = fusion_traffic(ops, sizes, outputs)
    return unfused, fused + sum(sizes[name] for name, _ in ops if name not in outputs)


@misconception(
    replaces="fusion_traffic",
    says="the fused kernel reads an input once for every operation that uses it",
    hint="The kernel has loaded x. Where is it when the next operation needs it?",
)
def input_read_per_use(ops, sizes, outputs):
    unfused, _ = fusion_traffic(ops, sizes, outputs)
    produced = {name for name, _ in ops}
    fused = sum(sizes[name] for name in set(outputs))
    for _, inputs in ops:
        fused += sum(sizes[name] for name in set(inputs) - produced)
    return unfused, fused


@misconception(
    replaces="fusion_traffic",
    says="an operation that has the same input twice reads it twice when not fused",
    hint="How often does x · x load x?",
)
def same_input_read_twice(ops, sizes, outputs):
    _, fused = fusion_traffic(ops, sizes, outputs)
    return sum(sizes[name] for output, inputs in ops for name in [output, *inputs]), fused


@misconception(
    replaces="fusion_traffic",
    says="the fused kernel writes only what no operation reads, not every output asked for",
    hint="An output is asked for and is also read on. Is it in memory afterwards?",
)
def only_last_results_written(ops, sizes, outputs):
    unfused, _ = fusion_traffic(ops, sizes, outputs)
    read = {name for _, inputs in ops for name in inputs}
    return unfused, fusion_traffic(ops, sizes, [name for name in outputs if name not in read])[1]
