"""`autograder explain`: the mark of one submission, for the person who has to answer for it."""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.doors.options import add_isolation
from autograder.errors import UsageError
from autograder.executors.local import skip_slow_import
from autograder.explaining.text import Explanation, as_text
from autograder.explaining.witness import Witness
from autograder.files import save_output
from autograder.grading import Grader
from autograder.notebooks.choosing import Work, submissions
from autograder.notebooks.opening import Unreadable, open_notebook
from autograder.notebooks.submission import Release, read
from autograder.settings import Settings

DESCRIPTION = """\
Explain a submission's mark: the code as it was run, how the points add up, each failed check's calls with
what came and what should have come, and how the diagnosis was proved.

It is for the instructor and not for students: it tells hidden cases. The submission is examined anew, with the same
model, seed and limits as `autograder grade`; nothing is recorded."""


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("path", metavar="PATH", help="a notebook, or the folder of one student")
    target = "what to explain (default: where points were lost)"
    command.add_argument("target", metavar="EXERCISE[::CHECK]", nargs="?", help=target)
    command.add_argument("--notebook", metavar="FILE", help="also write a notebook that makes the calls again")
    add_isolation(command)


def run(options: argparse.Namespace) -> int:
    """Examine the one submission that a path stands for, and print what was found. Raises AutograderError."""
    settings = Settings.from_environment()
    work, _ = submissions(Path(options.path), Release.of(settings))
    if len(work) > 1:
        some = ", ".join(one.label for one in work[:3]) + ", ..." * (len(work) > 3)
        raise UsageError(f"{options.path} holds {len(work)} submissions: name one of them ({some}).")
    one = work[0]._replace(label=str(work[0].path))
    with Grader(settings, options.isolation) as grader:
        name, _, check = (options.target or "").partition("::")
        if options.target and name not in grader.exercises:
            raise UsageError(f"{name}: no such exercise; there are {', '.join(grader.exercises)}.")
        checks = [c.name for c in grader.exercises[name].checks] if name else []
        if check and check not in checks:
            raise UsageError(f"{options.target}: no such check; {name} has {', '.join(checks)}.")
        it = explained(grader, one, name, check)
    if options.notebook:
        skip_slow_import()
        from autograder.explaining.notebook import as_notebook  # here, for it loads nbformat

        save_output(options.notebook, as_notebook(it))
    if options.notebook != "-":
        save_output("-", as_text(it) + "\n")
    return 0


def explained(grader: Grader, one: Work, exercise: str = "", check: str = "") -> Explanation:
    """A submission examined, and what of it is asked about ("": all that lost points). Raises AutograderError."""
    made: list[Witness] = []  # one for each look, of which the last one counts

    def witness(*args: Any, **named: Any) -> Witness:
        made.append(Witness(*args, **named))
        return made[-1]

    try:
        work = read(open_notebook(one.path), grader.release)
    except Unreadable as error:
        raise UsageError(f"Nothing in it could be examined, which is a zero. {error}") from None
    started = time.perf_counter()
    found = grader.examine(work, witness)
    spent, notes = time.perf_counter() - started, [*one.notes, *found.notes]
    record = replace(found, submission=one.label, notes=notes, seconds=spent)
    asked = [e for e in record.exercises if (e.name == exercise if exercise else e.score < e.max_score)]
    return Explanation(record, made[-1], asked, check)
