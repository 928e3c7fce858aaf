"""Kernels of the tests are kept in a cache of their own for the run."""

from __future__ import annotations

import os
import tempfile

os.environ.setdefault("KATA_CACHE", os.path.join(tempfile.gettempdir(), "kata-test-cache"))
