"""What every proof needs, imported once: `proofs` forks from a process that holds it."""

import gc

import numpy
import pytest
import torch

from autograder.sandbox.library import Settings
from autograder.sandbox.pool import library_of
from autograder.suite import verify

torch.set_num_threads(1)
LIBRARIES = [library_of(Settings(requires=r)) for r in (("numpy",), ("numpy", "torch"))]
for library in LIBRARIES:
    library.wait()  # here: what it says is read by the first who waits, and by nobody else
gc.collect()
gc.freeze()

__all__ = ["LIBRARIES", "numpy", "pytest", "torch", "verify"]
