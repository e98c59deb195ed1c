"""What pytest must know before it looks at any path: `--submission=PATH`, in one word, beside this folder and no other.

Of a path of its own pytest reads the configuration and runs the conftest.py, in the folders above it too. Written in
two words the student's notebook would be such a path. An entry point registers this file in every pytest run; since a
configuration file can have a module imported before that, `make` has Python itself call `refuse` when it starts.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TWO_WORDS = "write --submission=PATH, in one word: pytest would run what lies in the folder of PATH as its own tests"


def pytest_addoption(parser: Any) -> None:
    group = parser.getgroup("autograder")
    group.addoption("--submission", metavar="PATH", help="the notebook to grade, or a folder of notebooks")
    group.addoption("--isolation", choices=["auto", "bubblewrap", "process"], default="auto", help="as in `autograder`")


def pytest_load_initial_conftests(early_config: Any, args: list[str]) -> None:
    """Refuse what would have pytest collect, and so run, another folder beside ours: half of a path with a blank."""
    import pytest  # here: Python itself loads this file when it starts, and may be about to end, by `refuse`

    if "--submission" in [*early_config.invocation_params.args, *args]:
        raise pytest.UsageError(TWO_WORDS)
    known = early_config.known_args_namespace
    # What is no option is a path. pytest has parsed them by now, and has run no conftest.py of theirs yet.
    other = [word for word in known.file_or_dir if Path(word.split("::")[0]).resolve() != HERE]
    if known.submission is not None and other:
        raise pytest.UsageError(f"--submission grades with `pytest autograder` and nothing else, not {other[0]!r}.")


def refuse() -> None:
    """When Python starts, before pytest itself is imported: end a pytest command with the option in two words."""
    if "--submission" in sys.orig_argv and {"pytest", "py.test"} & {Path(word).name for word in sys.orig_argv}:
        os.write(2, f"ERROR: {TWO_WORDS}\n".encode())
        os._exit(4)  # pytest's exit code for a usage error
