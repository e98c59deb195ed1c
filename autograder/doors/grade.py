"""`autograder grade`: notebooks in, scores out, on the terminal and in the files asked for."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gptkit.command_line import printing

from autograder import reports
from autograder.doors.options import add_grading_options
from autograder.errors import AutograderError, UsageError
from autograder.files import save_output
from autograder.record import Record
from autograder.reports import clean
from autograder.sandbox.isolation import Sandbox

if TYPE_CHECKING:
    from autograder.settings import Settings

DESCRIPTION = """Examine notebooks and print one line per exercise and a total for each.

PATH is a notebook, a folder whose notebooks are all graded, or a zip, of such a folder or as Moodle and Canvas hand it
out. A student's function runs in a process of its own that holds nothing worth stealing; a notebook that crashes or
never returns is a zero with a message. The exit code is 0 when the grading itself worked, whatever the scores; 2 when
the command was wrong; 3 when some or all could not be graded, which is never the student's doing: they get no score,
and the same command grades them later."""


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("paths", metavar="PATH", nargs="+", help="a notebook, or a folder or zip of notebooks")
    command.add_argument("--json", metavar="FILE", help="also write the full record of every notebook (-: to stdout)")
    command.add_argument("--junit", metavar="FILE", help="also write JUnit XML, one case per check")
    command.add_argument("--gradescope", metavar="FILE", help="also write Gradescope's results.json (one notebook)")
    command.add_argument("--markdown", metavar="FILE", help="also write a summary for a CI page")
    add_grading_options(command)


def run(options: argparse.Namespace) -> int:
    """Grade every notebook of the given paths and write the reports asked for. Raises AutograderError."""
    with Sandbox(options.isolation) as sandbox:
        # First of all: its process loads NumPy while this one does, which is half of what one notebook takes.
        sandbox.start()
        from autograder.settings import Settings

        settings = replace(Settings.from_environment(), fresh=options.fresh)
        records, without = graded(options, settings, sandbox)
    # A form that was not asked for has the name None, and is passed over below.
    outputs: dict[str | None, Callable[[Sequence[Record]], str | Iterable[str]]]
    outputs = {options.json: reports.as_json, options.junit: reports.junit, options.markdown: reports.markdown}
    if records[0].error is None:  # else there is no mark to give: Gradescope shows that its autograder failed
        outputs[options.gradescope] = lambda records: reports.gradescope(records[0])
    # One file that cannot be written costs neither the others nor what the terminal shows; it is raised in the end.
    problems = []
    for file, form in outputs.items():
        if file:
            try:
                save_output(file, form(records))
            except AutograderError as error:
                problems.append(error)
    if "-" not in outputs:  # else standard output is a file for some program
        show(records)
    name_without_a_mark(without)
    if problems:
        raise max(problems, key=lambda error: error.exit_code)
    return 3 if any(record.error is not None for record in records) else 0


def graded(
    options: argparse.Namespace, settings: Settings, sandbox: Sandbox
) -> tuple[Sequence[Record], list[tuple[str, list[str]]]]:
    """The records of all notebooks that the paths stand for, and who has none, with notes. Raises AutograderError."""
    from autograder.executors.batch import grade_all
    from autograder.notebooks.choosing import Work, submissions
    from autograder.notebooks.opening import Unreadable, open_notebook
    from autograder.notebooks.submission import Release, read

    release, work, without = Release.of(settings), list[Work](), list[tuple[str, list[str]]]()
    with contextlib.ExitStack() as unpacked:
        given = [Path(path) for path in options.paths]
        paths = [unpacked.enter_context(unzipped(path, settings.assignment)) for path in given]
        for path, name in zip(paths, given, strict=True):
            found, nothing = submissions(path, release, name)
            work += found
            without += nothing.items()
        for path in paths:
            if not path.is_dir():  # a notebook that is named must be one of this assignment
                try:
                    read(open_notebook(path), release)
                except Unreadable as error:
                    raise UsageError(str(error)) from None
        if options.gradescope and len(work) != 1:
            raise UsageError(f"--gradescope takes one notebook, and {len(work)} were found.")
        return grade_all(work, settings, options.isolation, options.jobs, options.scheduler, sandbox), without


def unzipped(path: Path, assignment: str) -> contextlib.AbstractContextManager[Path]:
    """A notebook or folder itself, a zip as the folder that it holds; what of it is not taken is said."""
    from autograder.lms.archives import as_folder

    return as_folder(path, assignment, lambda line: print(f"autograder: {clean(line)}", file=sys.stderr))


def name_without_a_mark(found: Iterable[tuple[str, list[str]]]) -> None:
    """Say who handed in something that is no submission, and what lies there."""
    for name, notes in found:
        print(f"autograder: {clean(name)} has no mark. {clean(' '.join(notes))}", file=sys.stderr)


def show(records: Sequence[Record]) -> None:
    """Print every record, and the average of several."""
    with printing():
        for place, record in enumerate(records):
            print("\n" * bool(place) + reports.text(record))
        scores = [record.score for record in records if record.score is not None]
        if len(records) > 1:
            average = sum(scores) / len(scores) if scores else 0
            missing = f", {len(records) - len(scores)} not graded" * (len(scores) < len(records))
            full = f"{average:.1f} of {records[0].max_score:g} points on average"
            print(f"\n{len(scores)} notebooks graded{missing}, {full}")
