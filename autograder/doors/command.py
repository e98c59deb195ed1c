"""The command line: autograder grade, course, report and the others."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from autograder.doors import site
from autograder.errors import AutograderError, UsageError
from autograder.grading.grader import find_notebooks, released

EXAMPLES = """examples:
  autograder grade gpt2.ipynb                       one notebook: a line per exercise, and the total
  autograder grade submitted/                       every notebook below a folder, on all cores
  autograder grade submitted/ --json results.json --junit results.xml --markdown summary.md
  autograder grade gpt2.ipynb --gradescope results/results.json
  autograder course grade gpt2                      in a course folder: gradebook and feedback, on all cores
  autograder report submitted/                      what a class has not understood, as one page and a table
  autograder release                                after a change of source/gpt2/gpt2.ipynb
  autograder classroom ../gpt2-for-students         a repository for students: notebook, kit, visible tests, workflow
  autograder gradescope gpt2.zip                    the autograder to upload at Gradescope
  autograder site ../site                           the assignment as a web page that runs in the student's browser
  autograder weights fetch 124M                     grade with the real GPT-2 instead of the embedded tiny model"""

GRADE = """Examine notebooks and print one line per exercise and a total for each.

PATH is a notebook, or a folder whose notebooks are all graded. A student's function runs in a process of its own that
holds nothing worth stealing; a notebook that crashes or never returns is a zero with a message. The exit code is 0 when
the grading itself worked, whatever the scores, and 2 when the command was wrong."""

COURSE = """Examine everything in submitted/, record it in the gradebook and write the feedback pages, in parallel.

Run it in the course folder. It does what `nbgrader autograde` and `nbgrader generate_feedback` do, with the course's
nbgrader_config.py, and may be stopped at any moment: started again, it does what is not done, or what has changed since
(a new submission, a mark given by hand, another version of the grader). Marks and comments given by hand stay."""

REPORT = """Write one page about a whole class, and a table (CSV) of the same.

The page shows how the scores are spread, how each exercise went, which mistakes were made by how many students (and by
whom, behind a fold), checks that everybody or nobody passed, and answers that are nearly the same. It is one file that
needs no network and no server; send it, print it, keep it.

examples:
  autograder report submitted/                       grade every notebook below a folder, then write the page
  autograder report results.json                     from what `autograder grade --json results.json` wrote
  autograder report results.json --notebooks submitted/ --html class.html"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser() -> Parser:
    wide = argparse.RawDescriptionHelpFormatter
    top = Parser("autograder", description="Grade the GPT-2 assignment.", epilog=EXAMPLES, formatter_class=wide)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    grade = commands.add_parser(
        "grade", help="grade notebooks", description=GRADE, epilog=EXAMPLES, formatter_class=wide
    )
    grade.add_argument("paths", metavar="PATH", nargs="+", help="a notebook, or a folder of notebooks")
    grade.add_argument("--json", metavar="FILE", help="also write the full record of every notebook")
    grade.add_argument("--junit", metavar="FILE", help="also write JUnit XML, one case per check")
    grade.add_argument("--gradescope", metavar="FILE", help="also write Gradescope's results.json (one notebook)")
    grade.add_argument("--markdown", metavar="FILE", help="also write a summary for a CI page")
    shared(grade)
    course = commands.add_parser("course", help="grade a whole class into nbgrader's gradebook")
    actions = course.add_subparsers(dest="action", metavar="ACTION", required=True)
    record = actions.add_parser(
        "grade", help="examine, record, write feedback", description=COURSE, formatter_class=wide
    )
    record.add_argument("assignment", metavar="ASSIGNMENT", help="its name, gpt2")
    shared(record)
    report = commands.add_parser(
        "report", help="show what a class has not understood", description=REPORT, formatter_class=wide
    )
    report.add_argument("path", metavar="FOLDER|RECORDS.json", help="notebooks to grade, or what grade --json wrote")
    report.add_argument("--html", metavar="FILE", help="the page (default: gpt2-report.html)")
    report.add_argument("--csv", metavar="FILE", help="the table (default: beside the page, with its name)")
    report.add_argument("--notebooks", metavar="FOLDER", help="with RECORDS.json: where to look for similar answers")
    shared(report)
    commands.add_parser("release", help="remake release/, solutions/gpt2.html and the kit's data from source/")
    classroom = commands.add_parser("classroom", help="make the students' repository for GitHub Classroom")
    classroom.add_argument("folder", metavar="DIR", help="a folder that does not exist yet, or is empty")
    zipped = commands.add_parser("gradescope", help="make the autograder zip for Gradescope")
    zipped.add_argument(
        "file", metavar="FILE.zip", nargs="?", default="gpt2-gradescope.zip", help="default: %(default)s"
    )
    site.add_parser(commands)
    weights = commands.add_parser("weights", add_help=False, help="fetch or verify GPT-2's real weights")
    weights.add_argument("rest", nargs=argparse.REMAINDER)
    return top


def shared(command: argparse.ArgumentParser) -> None:
    """The options of every command that grades."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    command.add_argument(
        "--jobs",
        metavar="N",
        type=positive,
        default=cores,
        help="notebooks at the same time (default: one for each core, here %(default)s)",
    )
    command.add_argument(
        "--scheduler", metavar="ADDRESS", help="examine on the workers of a Dask scheduler, for example tcp://host:8786"
    )
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


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code (0: done, 1: it could not be done, 2: the command was wrong)."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["weights"]:  # the kit has its own options and help
        from gptkit.__main__ import main as weights

        return weights(argv[1:])
    options = parser().parse_args(argv)
    try:
        return RUN[options.command](options)
    except AutograderError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        again = ": what has been examined is remembered, so start it again to go on" if "jobs" in options else ""
        print(f"autograder: stopped{again}", file=sys.stderr)
        return 130


def grade(options: argparse.Namespace) -> int:
    """Grade every notebook of the given paths and write the reports asked for. Raises UsageError."""
    from autograder.executors.batch import grade_all
    from autograder.files import save
    from autograder.reports import report

    work = [found for path in options.paths for found in find_notebooks(path)]
    for path in map(Path, options.paths):
        if not path.is_dir():
            check_readable(path)
    if options.gradescope and len(work) != 1:
        raise UsageError(f"--gradescope takes one notebook, and {len(work)} were found.")
    records = grade_all(work, options.isolation, options.jobs, options.scheduler)
    outputs = {
        options.json: report.as_json,
        options.junit: report.junit,
        options.gradescope: lambda records: report.gradescope(records[0]),
        options.markdown: report.markdown,
    }
    problems = []
    for file, form in outputs.items():
        if file:
            try:
                save(file, form(records))
            except OSError as error:
                problems.append(f"{file}: cannot be written ({error.strerror}).")
    show(records)
    if problems:
        raise UsageError(" ".join(problems))
    return 0


def show(records: Sequence[dict[str, Any]]) -> None:
    """Print every record, and the average of several."""
    from autograder.reports import report

    try:
        for place, record in enumerate(records):
            print("\n" * bool(place) + report.text(record))
        if len(records) > 1:
            average = sum(record["score"] for record in records) / len(records)
            print(f"\n{len(records)} notebooks graded, {average:.1f} of {records[0]['max_score']:g} points on average")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads, `head` for one, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def check_readable(path: Path) -> None:
    """A notebook named on the command line must be one of this assignment. Raises UsageError."""
    from autograder.notebooks.submission import Unreadable, read

    try:
        read(path, released())
    except Unreadable as error:
        raise UsageError(str(error)) from None


def grade_course(options: argparse.Namespace) -> int:
    """Grade a class into nbgrader's gradebook. Raises UsageError."""
    from autograder.executors.pools import import_less

    import_less()
    from autograder.doors.course import grade

    return grade(options)


def report_class(options: argparse.Namespace) -> int:
    """Write the page and the table about a whole class. Raises UsageError."""
    from autograder.doors.report import write

    return write(options)


def release(_: argparse.Namespace) -> int:
    """Remake what is made from source/."""
    from autograder.doors.release import ReleaseError, main

    try:
        main()
    except ReleaseError as error:
        print(f"autograder: {error}", file=sys.stderr)
        return 1
    return 0


def classroom(options: argparse.Namespace) -> int:
    """Make the students' repository. Raises UsageError."""
    from autograder.doors.classroom import make

    make(Path(options.folder))
    print(f"{options.folder} is ready: try `pytest` in it, then push it as the template repository of the assignment.")
    return 0


def gradescope(options: argparse.Namespace) -> int:
    """Make the autograder zip. Raises UsageError."""
    from autograder.doors.gradescope import pack

    pack(Path(options.file))
    print(f"{options.file} is ready: upload it at Gradescope as the assignment's autograder.")
    return 0


RUN = {
    "grade": grade,
    "course": grade_course,
    "report": report_class,
    "release": release,
    "classroom": classroom,
    "gradescope": gradescope,
    "site": site.run,
}

if __name__ == "__main__":
    sys.exit(main())
