"""`python -m autograder` is the `kata` command."""

from autograder.cli import main

main()
