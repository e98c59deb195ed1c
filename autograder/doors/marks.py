"""`autograder marks`: the table that Moodle or Canvas exported, filled in; and the feedback pages under its names."""

from __future__ import annotations

import argparse
import io
import zipfile
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from autograder.doors.report import load
from autograder.errors import UsageError
from autograder.executors.local import skip_slow_import
from autograder.files import save_output
from autograder.lms import table
from autograder.lms.archives import named, uploads
from autograder.reports import clean
from autograder.reports.class_statistics import by_student
from autograder.settings import Settings

if TYPE_CHECKING:
    from autograder.nbgrader.marks import GradedCourse

DESCRIPTION = """Fill in the table of marks that Moodle or Canvas exported, for you to upload there.

Run it in the course folder. The marks come from nbgrader's gradebook: those of the functions and that given by hand for
the written answer, less the penalty for being late. A new file is written, in which nothing but the marks differs from
the export. Who is not finished, or not in the file, is named and gets no mark.

examples:
  autograder marks --moodle Grades-gpt2.csv --feedback pages.zip
  autograder marks --canvas 2026_Grades.csv --column "GPT-2"
  autograder marks --canvas 2026_Grades.csv --results results.json     the functions alone, without a gradebook"""
EXCUSED = ("EX", "N/A")  # Canvas's words in place of a mark, of who is excused or was not given the assignment


def add_options(command: argparse.ArgumentParser) -> None:
    export = command.add_mutually_exclusive_group(required=True)
    export.add_argument("--moodle", metavar="EXPORT.csv", help="the grading worksheet that Moodle made")
    export.add_argument("--canvas", metavar="EXPORT.csv", help="the gradebook that Canvas exported")
    command.add_argument("--column", metavar="NAME", help="where the marks belong, if that is not clear")
    command.add_argument("--to", metavar="FILE", help="default: beside the export, its name with -marks")
    source = command.add_mutually_exclusive_group()
    source.add_argument("--feedback", metavar="FILE.zip", help="also zip the feedback pages, for Moodle or Canvas")
    source.add_argument("--results", metavar="RECORDS.json", help="take the marks from what grade --json wrote")


def run(options: argparse.Namespace) -> int:
    """Write the filled-in table, and say who is missing. Raises AutograderError."""
    settings, course = Settings.from_environment(), None
    if options.results:
        marks, without, full = from_records(Path(options.results))
    else:
        skip_slow_import()
        from autograder.nbgrader.marks import GradedCourse  # here, for nbgrader takes seconds to load

        course = GradedCourse(settings.assignment)
        marks, without, full = course.marks, course.unfinished, course.full
    export = Path(options.canvas or options.moodle)
    filled = (table.canvas if options.canvas else table.moodle)(export, options.column, full)
    # An LMS takes the number as it is: 80 of 90 points would stand there as 80 of 100.
    if filled.full not in (None, full):
        there = f"{export}: the highest mark is {filled.full:g} there and {full:g} here"
        raise UsageError(f"{there}: make it {full:g} in the LMS, and export again.")
    rows = {student: row for student in sorted(marks) if (row := filled.row_of(student))}
    # The place of a mark's cell stands for its row. Who claims one that another claims, too (by a login and an address,
    # say), gets no mark: nobody can tell here whose it is.
    claimed = Counter(row.mark.start for row in rows.values())
    twice = [student for student, row in rows.items() if claimed[row.mark.start] > 1]
    kept = [student for student, row in rows.items() if row.mark.says.strip() in EXCUSED]
    given = {student: row for student, row in rows.items() if student not in {*twice, *kept, *without}}
    target = Path(options.to or export.with_name(f"{export.stem}-marks{export.suffix}"))
    save_output(target, filled.filled([(row, marks[student]) for student, row in given.items()]))
    print(f"{len(given)} marks, of at most {full:g} points: {target}")
    missing = [" ".join(row.called[:2]) for row in filled.rows if row.mark.start not in claimed]
    say("no mark, not finished here (mark what they wrote, in formgrader, or grade again)", without)
    say("no mark, not in the file, or not for certain", sorted({*marks} - {*rows, *without}))
    say("no mark, because two here would be one in the file", twice)
    say("no mark, because the file has them excused or not assigned", kept)
    say("in the file as before, because there is no mark here (not handed in, or not graded)", missing)
    if options.feedback and course:
        pages(Path(options.feedback), course, given, bool(options.canvas))
    return 0


def say(why: str, who: list[str]) -> None:
    """Say whom something holds for, if there is anybody."""
    if who:
        print(f"  {len(who)} {why}: {clean(', '.join(who))}")


def from_records(path: Path) -> tuple[dict[str, float], list[str], float]:
    """Marks by student, who could not be graded, and the highest mark, of records. Raises UsageError."""
    records = {student.removesuffix(".ipynb"): record for student, record in by_student(load(path)).items()}
    without = sorted(student for student, record in records.items() if record.score is None)
    marks = {student: record.score or 0.0 for student, record in records.items()}
    return marks, without, max(record.max_score for record in records.values())


def pages(target: Path, course: GradedCourse, given: dict[str, table.Row], canvas: bool) -> None:
    """Zip the feedback pages under the names by which the LMS gives them to its students. Raises AutograderError."""
    handed = uploads(course.archives(), course.assignment) if canvas else {}
    memory, without = io.BytesIO(), []
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as zipped:
        for student, row in sorted(given.items()):
            if canvas:
                called = [PurePath(file).stem for file in handed.get(student, [])]
            else:
                # Moodle takes feedback under the names that it gave to the submissions, with the participant's number.
                title = (row.called[1:] or row.called)[0].replace("_", " ")
                called = [f"{named(title, row.id)}_assignsubmission_file_{course.assignment}"]
            if called and course.page(student).is_file():
                zipped.write(course.page(student), f"{called[-1]}.html")
            else:
                without.append(student)
    save_output(target, memory.getvalue())
    print(f"{len(given) - len(without)} feedback pages: {target}")
    say("left out, no page (nbgrader generate_feedback)" + ", or no file in downloaded/" * canvas, without)
