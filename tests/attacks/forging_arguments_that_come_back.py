# kata: rank_fusion
"""Sends other arguments back than it got: arrays, in the place of texts and numbers."""

import numpy as np
from autograder.sandbox import worker


def answer(self, base, path, args, kwargs):
    return "ok", [], (np.zeros((2, 3)), np.ones(5), [np.array([1, 2])]), {"weights": np.arange(3)}


worker.Server._answer_call = answer
