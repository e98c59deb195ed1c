"""The command line: which commands there are, and what their exit codes mean."""

from __future__ import annotations

import argparse
import sys

from autograder.doors import classroom, course, grade, gradescope, release, report, site
from autograder.doors.options import Parser
from autograder.errors import AutograderError

EXAMPLES = """examples:
  autograder grade gpt2.ipynb                       one notebook: a line per exercise, and the total
  autograder grade submitted/                       every notebook below a folder, on all cores
  autograder grade submitted/ --json results.json --junit results.xml --markdown summary.md
  autograder grade gpt2.ipynb --gradescope results/results.json
  autograder course grade gpt2                      in a course folder: gradebook and feedback, on all cores
  autograder course mark gpt2                       all answers to a question in words, marked by keyboard
  autograder report submitted/                      what a class has not understood, as one page and a table
  autograder release                                after a change of source/gpt2/gpt2.ipynb
  autograder classroom ../gpt2-for-students         a repository for students: notebook, kit, visible tests, workflow
  autograder gradescope gpt2.zip                    the autograder to upload at Gradescope
  autograder site ../site                           the assignment as a web page that runs in the student's browser
  autograder weights fetch 124M                     grade with the real GPT-2 instead of the embedded tiny model"""

RUN = {
    "grade": grade.run,
    "course": course.run,
    "report": report.run,
    "release": release.run,
    "classroom": classroom.run,
    "gradescope": gradescope.run,
    "site": site.run,
}


def parser() -> Parser:
    """The parser of all commands. Each command's own stands in its file."""
    wide = argparse.RawDescriptionHelpFormatter
    top = Parser("autograder", description="Grade the GPT-2 assignment.", epilog=EXAMPLES, formatter_class=wide)
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    grade.add_parser(commands, EXAMPLES)
    for door in (course, report, release, classroom, gradescope, site):
        door.add_parser(commands)
    weights = commands.add_parser("weights", add_help=False, help="fetch or verify GPT-2's real weights")
    weights.add_argument("rest", nargs=argparse.REMAINDER)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 done, 2 the command was wrong, 3 not (all) graded, 1 anything else."""
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
