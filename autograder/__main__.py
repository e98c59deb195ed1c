"""`python -m autograder`: the command line, as doors/command.py has it."""

import sys

from autograder.doors.command import main

if __name__ == "__main__":
    sys.exit(main())
