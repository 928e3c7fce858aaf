"""The n-gram processor of Hugging Face's transformers.

Beam search itself is compared with an enumeration of all sequences in the suite.
"""

import torch
from transformers.generation.logits_process import NoRepeatNGramLogitsProcessor

from solutions.beam_search import beam_search as reference


def banned_tokens(tokens, n):
    if n < 1 or not tokens:
        return reference.banned_tokens(tokens, n)  # it needs a positive n and at least one token
    scores = torch.zeros(1, max(tokens) + 1)
    blocked = NoRepeatNGramLogitsProcessor(n)(torch.tensor([tokens]), scores)
    return torch.isinf(blocked[0]).nonzero().flatten().tolist()
