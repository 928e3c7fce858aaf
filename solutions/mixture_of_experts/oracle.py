"""Loops over tokens and choices, in float64."""

import torch


def route(logits, k):
    if k < 1 or k > logits.shape[1]:
        raise ValueError("no such k")
    probabilities = torch.softmax(logits.double(), dim=1)
    experts, weights = [], []
    for row, share in zip(logits.tolist(), probabilities, strict=True):
        order = sorted(range(len(row)), key=lambda expert: (-row[expert], expert))[:k]
        experts.append(order)
        weights.append(share[order] / share[order].sum())
    return torch.tensor(experts), torch.stack(weights).to(logits.dtype)


def dispatch(indices, experts, capacity):
    if capacity < 0:
        raise ValueError("capacity is negative")
    held = [0] * experts
    slots = torch.full_like(indices, -1)
    rows = indices.tolist()
    if any(expert not in range(experts) for row in rows for expert in row):
        raise ValueError("no such expert")
    for choice in range(len(rows[0])):
        for token, row in enumerate(rows):
            if held[row[choice]] < capacity:
                slots[token, choice] = held[row[choice]]
                held[row[choice]] += 1
    return slots


def moe_layer(x, router, w_in, w_out, k, capacity=None):
    wide, w_in, w_out = x.double(), w_in.double(), w_out.double()
    experts, weights = route(wide @ router.double().T, k)
    slots = experts if capacity is None else dispatch(experts, len(router), capacity)
    rows = []
    for token in range(len(x)):
        row = torch.zeros(x.shape[1], dtype=torch.float64)
        for choice in range(k):
            if slots[token, choice] >= 0:
                expert = int(experts[token, choice])
                hidden = (w_in[expert] @ wide[token]).clamp(min=0)
                row = row + weights[token, choice] * (w_out[expert] @ hidden)
        rows.append(row)
    return torch.stack(rows).to(x.dtype)


def load_balancing_loss(logits, k):
    if not len(logits):
        raise ValueError("no tokens")
    tokens, experts = logits.shape
    chosen = route(logits, k)[0].flatten().tolist()
    probabilities = torch.softmax(logits.double(), dim=1)
    loss = sum(
        chosen.count(expert) / (tokens * k) * probabilities[:, expert].sum() / tokens
        for expert in range(experts)
    )
    return (loss * experts).to(logits.dtype)
