"""`python -m autograder.jupyterlab`: link the extension into this environment."""

from autograder.jupyterlab import link

link()
