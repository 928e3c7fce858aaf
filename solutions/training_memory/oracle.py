"""What PyTorch's tensors really take, on its meta device, which has shapes but no memory."""

import torch
from torch import nn

from solutions.training_memory import training_memory as reference


def size(*tensors):
    """Return the bytes of tensors."""
    return sum(t.numel() * t.element_size() for t in tensors)


def trained(count, dtype):
    """Make one parameter of `count` values, and Adam's states of it after one step."""
    value = nn.Parameter(torch.empty(count, dtype=dtype, device="meta"))
    value.grad = torch.empty_like(value)
    optimizer = torch.optim.AdamW([value], foreach=False)
    optimizer.step()
    state = optimizer.state[value]
    return value, size(state["exp_avg"], state["exp_avg_sq"])


def state_memory(parameters, method, adapter_parameters=0, gpus=1, stage=0):
    reference.state_memory(parameters, method, adapter_parameters, gpus, stage)  # for its errors
    half = torch.empty(parameters, dtype=torch.bfloat16, device="meta")
    master = 0
    if method == "fp32":
        value, moments = trained(parameters, torch.float32)
        weights, gradients = size(value), size(value.grad)
    elif method == "bf16_pure":
        value, moments = trained(parameters, torch.bfloat16)
        weights, gradients = size(value), size(value.grad)
    elif method == "bf16_mixed":
        value, moments = trained(parameters, torch.float32)
        weights, gradients, master = size(half), size(half), size(value)
    else:
        value, moments = trained(adapter_parameters, torch.float32)
        codes = torch.empty(parameters, device="meta")[::2].to(torch.uint8)
        constants = torch.empty(parameters, device="meta")[::64].to(torch.int8)
        base = size(half) if method == "lora" else size(codes, constants, constants[::256].float())
        weights, gradients = base + size(value), size(value.grad)
    shared = [stage >= 3, stage >= 2, stage >= 1, stage >= 1]
    held = [
        # The largest of the pieces.
        size(torch.empty(amount, dtype=torch.uint8, device="meta").tensor_split(gpus)[0])
        if sharded
        else amount
        for amount, sharded in zip((weights, gradients, moments, master), shared, strict=True)
    ]
    names = ("weights", "gradients", "optimizer", "master", "total")
    return dict(zip(names, [*held, sum(held)], strict=True))


def break_even_requests(training_cost, shared, query, answer, base_price, tuned_price):
    # For its errors.
    reference.break_even_requests(training_cost, shared, query, answer, base_price, tuned_price)
    saving = (shared + query) * base_price[0] + answer * base_price[1]
    saving -= query * tuned_price[0] + answer * tuned_price[1]
    if saving <= 0:
        return None if training_cost else 0
    # By bisection, without a division.
    low, high = 0, training_cost
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if middle * saving >= training_cost else (middle + 1, high)
    return low
