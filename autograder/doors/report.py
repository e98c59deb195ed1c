"""`autograder report`: the records of a class, graded or read from a file, written as a page and a table."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean
from urllib.parse import quote

from autograder.doors.grade import name_without_a_mark, unzipped
from autograder.doors.options import add_grading_options
from autograder.errors import CannotGrade, UsageError
from autograder.executors.batch import grade_all
from autograder.executors.local import skip_slow_import
from autograder.files import save_output
from autograder.notebooks.choosing import submissions
from autograder.notebooks.similarity import groups
from autograder.notebooks.submission import Release
from autograder.record import Record
from autograder.reports import clean, from_json
from autograder.reports.class_statistics import ClassReport, Links, by_student, table
from autograder.settings import Settings

DESCRIPTION = """Write one page about a whole class, and a table (CSV) of the same.

The page shows how the scores are spread, how each exercise went, which mistakes were made by how many students (and by
whom, behind a fold), checks that everybody or nobody passed, and answers that are nearly the same. It is one file that
needs no network and no server; send it, print it, keep it.

examples:
  autograder report submitted/                       grade every notebook below a folder, then write the page
  autograder report class.zip                        the same of a zip, as Moodle and Canvas hand them out, too
  autograder report results.json                     from what `autograder grade --json results.json` wrote
  autograder report results.json --notebooks submitted/ --html class.html"""


def add_options(command: argparse.ArgumentParser) -> None:
    path = "a folder or zip of notebooks, or what grade --json wrote"
    command.add_argument("path", metavar="PATH|RECORDS.json", help=path)
    command.add_argument("--html", metavar="FILE", help="the page (default: gpt2-report.html)")
    command.add_argument("--csv", metavar="FILE", help="the table (default: beside the page, with its name)")
    notebooks = "with RECORDS.json: a folder or zip, where to look for similar answers"
    command.add_argument("--notebooks", metavar="PATH", help=notebooks)
    add_grading_options(command)


def run(options: argparse.Namespace) -> int:
    """Write the page and the table, and say on the terminal what stands out. Raises AutograderError."""
    skip_slow_import()
    from autograder.reports.class_page import page  # here, for it loads nbconvert, which takes a second

    settings, asked = replace(Settings.from_environment(), fresh=options.fresh), Path(options.notebooks or "")
    assignment = settings.assignment
    # Without --notebooks the second one is the working directory, where nothing is looked for.
    with unzipped(Path(options.path), assignment) as path, unzipped(asked, assignment) as folder:
        report, notebooks = gather(options, settings, path, folder)
        if path != Path(options.path) or folder != asked:
            notebooks = {}  # what was unpacked is gone when the page is read
    html = Path(options.html or f"{Path(report.first.assignment).name}-report.html")
    report.links = {student: links(path, report.first.assignment, html) for student, path in notebooks.items()}
    table_file = Path(options.csv or html.with_suffix(".csv"))
    for file, text in ((html, page(report)), (table_file, table(report))):
        save_output(str(file), text)
    average = mean(r.score for r in report.graded.values())
    missing = len(report.records) - report.students
    print(f"{report.students} notebooks, {average:.1f} of {report.first.max_score:g} points on average")
    if missing:
        print(f"  {missing:4} could not be graded, which is not their authors' doing: grade them again")
    for mistake in report.mistakes[:3]:
        print(f"  {len(mistake.who):4} made this mistake: {clean(mistake.exercise)}: {clean(mistake.fact)}")
    print(f"The page: {html}   the table: {table_file}")
    return 3 if missing else 0


def load(path: Path) -> list[Record]:
    """The records in a file that `autograder grade --json` wrote. Raises UsageError."""
    try:
        records = from_json(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None
    except ValueError:
        records = []
    if not records or len({r.assignment for r in records}) != 1:
        raise UsageError(f"{path}: not the records of one assignment, as `autograder grade --json` writes them.")
    return records


def links(notebook: Path, assignment: str, page: Path) -> Links:
    """The way from the page to a notebook, and to the feedback that nbgrader or `course grade` has written for it."""

    def way(to: Path) -> str:
        return quote(os.fsencode(os.path.relpath(to, page.parent)))  # a name may be no UTF-8

    folder = Path(os.path.abspath(notebook)).parent  # a link stays one  # noqa: PTH100
    # COURSE/submitted/ada/gpt2/gpt2.ipynb has its page at COURSE/feedback/ada/gpt2/gpt2.html.
    feedback = folder.parent.parent.parent / "feedback" / folder.parent.name / assignment / f"{assignment}.html"
    return Links(way(notebook), way(feedback) if folder.name == assignment and feedback.is_file() else None)


def gather(
    options: argparse.Namespace, settings: Settings, path: Path, notebooks: Path
) -> tuple[ClassReport, dict[str, Path]]:
    """The records, graded or read, and the notebooks that belong to them, by student. Raises AutograderError."""
    if path.suffix == ".json":
        records: Sequence[Record] = load(path)
        folder = notebooks if options.notebooks else None
        if folder and not any((folder / r.submission).is_file() for r in records):
            raise UsageError(f"{options.notebooks}: none of the notebooks that {path} names is in it.")
    elif path.is_dir() or not path.exists():
        (work, without), folder = submissions(path, Release.of(settings), Path(options.path)), path
        name_without_a_mark(without.items())
        records = grade_all(work, settings, options.isolation, options.jobs, options.scheduler)
    else:
        raise UsageError(f"{path}: neither a folder or zip of notebooks nor a .json file with their records.")
    if all(record.score is None for record in records):
        raise CannotGrade(f"Nobody could be graded. The first reason: {records[0].error}")
    students = by_student(records)
    theirs = {s: folder / r.submission for s, r in students.items()} if folder else {}
    return ClassReport(students, groups(theirs, Release.of(settings)) if theirs else None), theirs
