"""The wrong turns of a bill for fine-tuning."""

from autograder.suite import misconception
from solutions.training_memory.training_memory import (
    ADAPTER_METHODS,
    FULL_METHODS,
    SHARDED_FROM,
    activation_memory,
    break_even_requests,
    ceil_divide,
    component_bytes,
    state_memory,
    training_time,
)

# ── state_memory ──────────────────────────────────────────────────────────────────────────────


def counted(arguments, change=lambda held: {}, sharded_from=SHARDED_FROM, divide=ceil_divide):
    """Right but for the components, the stages or the division, which are given."""
    parameters, method, adapter_parameters, gpus, stage = arguments
    state_memory(*arguments)
    held = component_bytes(parameters, method, adapter_parameters)
    held |= change(held)
    for component, first in sharded_from.items():
        if stage >= first:
            held[component] = divide(held[component], gpus)
    return {**held, "total": sum(held.values())}


@misconception(
    replaces="state_memory",
    says="mixed precision is counted without the fp32 master weights: 12 bytes a parameter, not 16",
    hint="Add 1e-5 to 1 in bf16. Where do small updates add up then?",
)
def no_master_weights(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    arguments = parameters, method, adapter_parameters, gpus, stage
    return counted(arguments, lambda held: {"master": 0})


@misconception(
    replaces="state_memory",
    says="only one of Adam's two moments is counted",
    hint="Which two averages does Adam keep of each parameter?",
)
def one_adam_moment(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    arguments = parameters, method, adapter_parameters, gpus, stage
    return counted(arguments, lambda held: {"optimizer": held["optimizer"] // 2})


@misconception(
    replaces="state_memory",
    says="the frozen base of lora and qlora is charged gradients and moments like the adapters, "
    "4 and 8 bytes a parameter",
    hint="Which weights does the optimizer change under LoRA?",
)
def lora_trains_base(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    def change(held):
        if method not in ADAPTER_METHODS:
            return {}
        trained = parameters + adapter_parameters
        return {"gradients": 4 * trained, "optimizer": 8 * trained}

    return counted((parameters, method, adapter_parameters, gpus, stage), change)


@misconception(
    replaces="state_memory",
    says="the base of qlora is counted at half a byte a weight without its quantisation constants",
    hint="Each block of 64 weights has a scale. Where is it stored?",
)
def constants_forgotten(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    def change(held):
        if method != "qlora":
            return {}
        return {"weights": ceil_divide(parameters, 2) + 4 * adapter_parameters}

    return counted((parameters, method, adapter_parameters, gpus, stage), change)


@misconception(
    replaces="state_memory",
    says="ZeRO is counted one stage too early: stage 1 shards the gradients too, stage 2 the "
    "weights too",
    hint="What does each stage of ZeRO shard that the one before does not?",
)
def zero_one_shards_gradients(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    arguments = parameters, method, adapter_parameters, gpus, stage
    early = {"weights": 2, "gradients": 1, "optimizer": 1, "master": 1}
    return counted(arguments, sharded_from=early)


@misconception(
    replaces="state_memory",
    says="the master weights are not sharded with the optimizer, but with the weights",
    hint="Who uses the master weights: the forward pass, or the step of the optimizer?",
)
def master_with_the_weights(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    arguments = parameters, method, adapter_parameters, gpus, stage
    return counted(arguments, sharded_from={**SHARDED_FROM, "master": 3})


@misconception(
    replaces="state_memory",
    says="everything is sharded from stage 1 on",
    hint="What is the difference between the stages?",
)
def everything_sharded(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    arguments = parameters, method, adapter_parameters, gpus, stage
    return counted(arguments, sharded_from=dict.fromkeys(SHARDED_FROM, 1))


@misconception(
    replaces="state_memory",
    says="shards are rounded down, so that all of them together are less than the whole",
    hint="Ten bytes on three GPUs: how many does the fullest one hold?",
)
def shards_rounded_down(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    arguments = parameters, method, adapter_parameters, gpus, stage
    return counted(arguments, divide=lambda amount, gpus: amount // gpus)


@misconception(
    replaces="state_memory",
    says="the constants of qlora are counted in fp32, four bytes a block, not quantised again",
    hint="What is quantised doubly in double quantisation?",
)
def constants_not_quantised(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    def change(held):
        if method != "qlora":
            return {}
        base = ceil_divide(parameters, 2) + 4 * ceil_divide(parameters, 64)
        return {"weights": base + 4 * adapter_parameters}

    return counted((parameters, method, adapter_parameters, gpus, stage), change)


@misconception(
    replaces="state_memory",
    says="the weights of the adapters are not counted",
    hint="An adapter has weights, gradients and moments. Where do its weights appear?",
)
def adapters_weigh_nothing(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    def change(held):
        return {"weights": held["weights"] - 4 * adapter_parameters}

    return counted((parameters, method, adapter_parameters, gpus, stage), change)


@misconception(
    replaces="state_memory",
    says="the moments of bf16_pure are counted in fp32",
    hint="What is pure about it?",
)
def moments_always_fp32(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    def change(held):
        return {"optimizer": 8 * parameters} if method in FULL_METHODS else {}

    return counted((parameters, method, adapter_parameters, gpus, stage), change)


# ── activation_memory ─────────────────────────────────────────────────────────────────────────


@misconception(
    replaces="activation_memory",
    says="the attention scores, which grow with the square of the tokens, are left out",
    hint="Double the tokens. What becomes four times as large?",
)
def scores_forgotten(layers, hidden, heads, tokens, batch, recompute="none"):
    right = activation_memory(layers, hidden, heads, tokens, batch, recompute)
    return 34 * layers * tokens * batch * hidden if recompute == "none" else right


@misconception(
    replaces="activation_memory",
    says="the scores are counted for one head, not for each",
    hint="How many matrices of scores does an attention with 32 heads make?",
)
def scores_of_one_head(layers, hidden, heads, tokens, batch, recompute="none"):
    right = activation_memory(layers, hidden, heads, tokens, batch, recompute)
    each = layers * tokens * batch
    return each * (34 * hidden + 5 * tokens) if recompute == "none" else right


@misconception(
    replaces="activation_memory",
    says="the scores are counted once a token, not once for each pair of tokens",
    hint="Which shape has the matrix of scores?",
)
def scores_grow_linearly(layers, hidden, heads, tokens, batch, recompute="none"):
    right = activation_memory(layers, hidden, heads, tokens, batch, recompute)
    each = layers * tokens * batch
    return each * (34 * hidden + 5 * heads) if recompute == "none" else right


@misconception(
    replaces="activation_memory",
    says="full recomputation is counted as if it kept nothing but one block's input",
    hint="From what does the backward pass recompute the tenth block?",
)
def one_input_for_all(layers, hidden, heads, tokens, batch, recompute="none"):
    right = activation_memory(layers, hidden, heads, tokens, batch, recompute)
    return right // layers if recompute == "full" else right


@misconception(
    replaces="activation_memory",
    says="the input of a block is counted at one byte a value, not two",
    hint="How many bytes has a 16-bit activation?",
)
def one_byte_a_value(layers, hidden, heads, tokens, batch, recompute="none"):
    right = activation_memory(layers, hidden, heads, tokens, batch, recompute)
    return right // 2 if recompute == "full" else right


# ── training_time ─────────────────────────────────────────────────────────────────────────────


def timed(arguments, factor):
    """Return the time at a number of operations for each parameter and token."""
    parameters, tokens, gpus, peak_flops, utilisation = arguments
    training_time(*arguments)
    return factor * parameters * tokens / (gpus * peak_flops * utilisation)


@misconception(
    replaces="training_time",
    says="only the forward pass is counted, 2 FLOPs a parameter and token",
    hint="Which two gradients does the backward pass compute for each layer?",
)
def forward_only(
    parameters, tokens, gpus, peak_flops, utilisation, frozen_base=False, recompute=False
):
    return timed((parameters, tokens, gpus, peak_flops, utilisation), 2)


@misconception(
    replaces="training_time",
    says="a frozen base is charged the gradient of its weights",
    hint="Which gradient does a layer not need whose weights stay as they are?",
)
def frozen_base_costs_full(
    parameters, tokens, gpus, peak_flops, utilisation, frozen_base=False, recompute=False
):
    return training_time(parameters, tokens, gpus, peak_flops, utilisation, recompute=recompute)


@misconception(
    replaces="training_time",
    says="a frozen base is charged the forward pass only, as if no gradient went through it",
    hint="How does a gradient come to the lowest adapter?",
)
def frozen_base_costs_no_backward(
    parameters, tokens, gpus, peak_flops, utilisation, frozen_base=False, recompute=False
):
    factor = (2 if frozen_base else 6) + (2 if recompute else 0)
    return timed((parameters, tokens, gpus, peak_flops, utilisation), factor)


@misconception(
    replaces="training_time",
    says="recomputation is free",
    hint="What is it that is computed again?",
)
def recompute_for_nothing(
    parameters, tokens, gpus, peak_flops, utilisation, frozen_base=False, recompute=False
):
    return training_time(parameters, tokens, gpus, peak_flops, utilisation, frozen_base)


@misconception(
    replaces="training_time",
    says="the GPUs are taken to reach their peak: utilisation is left out",
    hint="A run reaches 40 % of the peak. Is it faster or slower than at the peak?",
)
def utilisation_ignored(
    parameters, tokens, gpus, peak_flops, utilisation, frozen_base=False, recompute=False
):
    right = training_time(parameters, tokens, gpus, peak_flops, utilisation, frozen_base, recompute)
    return right * utilisation


# ── break_even_requests ───────────────────────────────────────────────────────────────────────


@misconception(
    replaces="break_even_requests",
    says="the tuned model is charged the shared prompt that it no longer needs",
    hint="Which part of the prompt did the training replace?",
)
def shared_prompt_still_sent(training_cost, shared, query, answer, base_price, tuned_price):
    break_even_requests(training_cost, shared, query, answer, base_price, tuned_price)
    return break_even_requests(training_cost, 0, shared + query, answer, base_price, tuned_price)


@misconception(
    replaces="break_even_requests",
    says="the number of requests is rounded down, one before the cost is covered",
    hint="Put your number back into both sides. Is the training paid for?",
)
def rounded_down(training_cost, shared, query, answer, base_price, tuned_price):
    right = break_even_requests(training_cost, shared, query, answer, base_price, tuned_price)
    if not right:
        return right
    saving = (shared + query) * base_price[0] + answer * base_price[1]
    saving -= query * tuned_price[0] + answer * tuned_price[1]
    return training_cost // saving


@misconception(
    replaces="break_even_requests",
    says="tuning has to be cheaper, where equal costs were enough",
    hint="At which n are the two costs equal? Does that count?",
)
def strictly_cheaper(training_cost, shared, query, answer, base_price, tuned_price):
    break_even_requests(training_cost, shared, query, answer, base_price, tuned_price)
    return break_even_requests(training_cost + 1, shared, query, answer, base_price, tuned_price)


@misconception(
    replaces="break_even_requests",
    says="the tokens of the answers are left out",
    hint="Which tokens are usually the dearest?",
)
def answers_left_out(training_cost, shared, query, answer, base_price, tuned_price):
    break_even_requests(training_cost, shared, query, answer, base_price, tuned_price)
    return break_even_requests(training_cost, shared, query, 0, base_price, tuned_price)


@misconception(
    replaces="break_even_requests",
    says="both models are charged the base price, although the tuned one has its own",
    hint="What does a token of the tuned model cost?",
)
def one_price_for_both(training_cost, shared, query, answer, base_price, tuned_price):
    break_even_requests(training_cost, shared, query, answer, base_price, tuned_price)
    return break_even_requests(training_cost, shared, query, answer, base_price, base_price)
