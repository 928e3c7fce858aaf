"""What suites, visible examples and misconceptions are written with."""

from autograder.suite.authoring import array, hint, misconception, points, tensor

__all__ = ["array", "hint", "misconception", "points", "tensor"]
