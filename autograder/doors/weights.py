"""`autograder weights`: the kit's own command, `python -m gptkit`, under another name."""

import argparse

from gptkit.__main__ import DESCRIPTION
from gptkit.__main__ import add_commands as add_options
from gptkit.__main__ import run as run_kit

__all__ = ["DESCRIPTION", "add_options", "run"]


def run(options: argparse.Namespace) -> int:
    """Fetch, verify or show models; returns the exit code."""
    return run_kit(options, "autograder weights")
