"""What suites, visible examples and misconceptions are written with."""

from autograder.suite.authoring import (
    array,
    gradients,
    hint,
    misconception,
    points,
    shuffled,
    tensor,
    whole_blocks,
    worker_only,
)

__all__ = [
    "array",
    "gradients",
    "hint",
    "misconception",
    "points",
    "shuffled",
    "tensor",
    "whole_blocks",
    "worker_only",
]
