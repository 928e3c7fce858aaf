"""LLM Katas: short exercises for LLM and ML interviews, judged in your editor."""

__version__ = "0.1.0"


def load_ipython_extension(shell: object) -> None:
    """Give a notebook the magic `%%kata NAME`; IPython calls this for `%load_ext autograder`."""
    from autograder.notebook.magic import load

    load(shell)


def unload_ipython_extension(shell: object) -> None:
    """Take the magic away again."""
    from autograder.notebook.magic import unload

    unload(shell)
