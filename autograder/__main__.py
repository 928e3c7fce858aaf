"""`python -m autograder` is the `kata` command."""

from autograder.cli import main

if __name__ == "__main__":
    main()
