"""`python -m autograder`: the command line, as doors/command.py has it."""

import os
import sys

if not sys.flags.safe_path and sys.path[:1] == [os.getcwd()]:  # noqa: PTH109
    del sys.path[0]  # `python -m` puts the working directory first, which may be a student's

from autograder.doors.command import main

if __name__ == "__main__":
    sys.exit(main())
