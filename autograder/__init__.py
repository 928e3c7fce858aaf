"""LLM Katas: short exercises for LLM and ML interviews, judged in your editor."""

__version__ = "0.1.0"
