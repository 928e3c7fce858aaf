"""Run code that may be wrong, slow or hostile, and let only data cross."""
