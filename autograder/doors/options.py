"""The options that commands share."""

from __future__ import annotations

import argparse
import os


def add_grading_options(command: argparse.ArgumentParser) -> None:
    """The options of every command that grades."""
    # Those that this process may use: in a cluster's job not all that the machine has. macOS cannot say.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    command.add_argument(
        "--jobs",
        metavar="N",
        type=positive,
        default=cores,
        help="notebooks at the same time (default: one for each core, here %(default)s)",
    )
    command.add_argument("--fresh", action="store_true", help="examine anew what an earlier run examined already")
    scheduler = "examine on the workers of a Dask scheduler, for example tcp://host:8786"
    command.add_argument("--scheduler", metavar="ADDRESS", help=scheduler)
    add_isolation(command)


def add_isolation(command: argparse.ArgumentParser) -> None:
    """The option of every command that runs student code."""
    command.add_argument(
        "--isolation",
        choices=["auto", "bubblewrap", "process"],
        default="auto",
        help="how student code is locked in: bubblewrap (no network, no files), a plain process, or the best this "
        "machine has (auto, the default)",
    )


def positive(text: str) -> int:
    """A count of processes. Raises ArgumentTypeError for what is none."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of processes (1, 2, ...)")
    return int(text)
