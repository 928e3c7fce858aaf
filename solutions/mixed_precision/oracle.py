"""PyTorch's scaler with an SGD optimiser, its clipping, and rounding by arithmetic in float64."""

import math

import torch


class LossScaler:
    def __init__(self, initial=65536.0, growth=2.0, backoff=0.5, interval=2000):
        if initial <= 0 or growth <= 1 or not 0 < backoff < 1 or interval < 1:
            raise ValueError("a setting has no meaning")
        self.scaler = torch.amp.GradScaler("cpu", initial, growth, backoff, interval)
        self.scaler.scale(torch.tensor(0.0))  # makes its tensors

    @property
    def scale(self):
        return self.scaler.get_scale()

    @property
    def good_steps(self):
        return int(self.scaler._growth_tracker)

    def scale_loss(self, loss):
        return self.scaler.scale(loss.float())

    def step(self, gradients, max_norm=None):
        if max_norm is not None and max_norm <= 0:
            raise ValueError("max_norm is not above 0")
        # It wants one parameter at least: the last has no gradient to speak of.
        given = [*(gradient.float() for gradient in gradients), torch.zeros(1)]
        parameters = [torch.nn.Parameter(torch.zeros_like(gradient)) for gradient in given]
        for parameter, gradient in zip(parameters, given, strict=True):
            parameter.grad = gradient.clone()
        optimiser = torch.optim.SGD(parameters, lr=1.0)
        self.scaler.unscale_(optimiser)
        if max_norm is not None:
            torch.nn.utils.clip_grad_norm_(parameters, max_norm)
        self.scaler.step(optimiser)
        skipped = any(float(x) for x in self.scaler._found_inf_per_device(optimiser).values())
        self.scaler.update()
        return None if skipped else [-parameter.detach() for parameter in parameters[:-1]]


def stochastic_round(x, draws):
    if x.shape != draws.shape:
        raise ValueError("the shapes differ")
    rounded = [
        rounded_number(value, draw)
        for value, draw in zip(x.flatten().tolist(), draws.flatten().tolist(), strict=True)
    ]
    return torch.tensor(rounded, dtype=torch.float64).reshape(x.shape).to(torch.bfloat16)


def rounded_number(value, draw):
    if not math.isfinite(value) or value == 0:
        return value
    exponent = max(math.frexp(value)[1] - 1, -126)
    gap = 2.0 ** (exponent - 7)
    toward, fraction = divmod(abs(value) / gap, 1)
    return math.copysign((toward + (draw < fraction)) * gap, value)
