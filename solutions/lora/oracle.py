"""The peft library's LoRA layer, and numpy's SVD."""

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from torch import nn

from solutions.lora.lora import require_fit


def adapted(weight, a, b, alpha, bias):
    """Make a peft model of one linear layer."""
    require_fit(weight, a, b, bias)
    d_out, d_in = weight.shape
    config = LoraConfig(
        r=len(a), lora_alpha=alpha, target_modules=["0"], lora_dropout=0.0, bias="none"
    )
    model = get_peft_model(nn.Sequential(nn.Linear(d_in, d_out, bias=bias is not None)), config)
    layer = model.base_model.model[0]
    with torch.no_grad():
        layer.base_layer.weight.copy_(weight)
        layer.lora_A["default"].weight.copy_(a)
        layer.lora_B["default"].weight.copy_(b)
        if bias is not None:
            layer.base_layer.bias.copy_(bias)
    return model, layer


def lora_forward(x, weight, a, b, alpha, bias=None):
    if x.shape[-1] != weight.shape[1]:
        # Its own check is a RuntimeError.
        raise ValueError("x and weight differ in d_in")
    _, layer = adapted(weight, a, b, alpha, bias)
    # functional_call keeps a and b in the graph, so that gradients flow to them.
    pair = {"lora_A.default.weight": a, "lora_B.default.weight": b}
    return torch.func.functional_call(layer, pair, (x,))


class LoRALinear:
    def __init__(self, weight, a, alpha, bias=None, b=None):
        if b is None:
            b = torch.zeros(len(weight), len(a))
        self.model, self.layer = adapted(weight, a, b, alpha, bias)

    @property
    def weight(self):
        return self.layer.base_layer.weight.detach()

    @property
    def bias(self):
        bias = self.layer.base_layer.bias
        return None if bias is None else bias.detach()

    @property
    def a(self):
        return self.layer.lora_A["default"].weight.detach()

    @property
    def b(self):
        return self.layer.lora_B["default"].weight.detach()

    @property
    def rank(self):
        return self.layer.r["default"]

    @property
    def scaling(self):
        return self.layer.scaling["default"]

    @property
    def merged(self):
        return self.layer.merged

    def forward(self, x):
        return self.model(x)

    def merge(self):
        self.model.merge_adapter()

    def unmerge(self):
        self.model.unmerge_adapter()


def extract_lora(before, after, rank, alpha):
    if before.shape != after.shape or alpha <= 0 or not 1 <= rank <= min(before.shape):
        raise ValueError("the arguments do not fit")
    u, s, vh = np.linalg.svd((after - before).double().numpy(), full_matrices=False)
    a, b = rank / alpha * np.diag(s) @ vh, u
    for column in range(len(s)):
        if b[np.abs(b[:, column]).argmax(), column] < 0:
            b[:, column] *= -1
            a[column] *= -1
    return torch.from_numpy(a[:rank]).float(), torch.from_numpy(b[:, :rank]).float()
