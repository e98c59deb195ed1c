"""The command line: which commands there are, and what their exit codes mean."""

from __future__ import annotations

import argparse
import contextlib
import sys
from importlib import import_module
from typing import Any

from gptkit.command_line import Parser, completing, printing

from autograder.errors import AutograderError

EXAMPLES = """examples:
  autograder grade gpt2.ipynb                       one notebook: a line per exercise, and the total
  autograder grade submitted/                       every notebook below a folder, on all cores
  autograder grade submitted/ --json results.json --junit results.xml --markdown summary.md
  autograder grade gpt2.ipynb --gradescope results/results.json
  autograder course grade gpt2                      in a course folder: gradebook and feedback, on all cores
  autograder explain submitted/ada softmax          for you, not for students: why that mark, hidden cases and all
  autograder course mark gpt2                       all answers to a question in words, marked by keyboard
  autograder report submitted/                      what a class has not understood, as one page and a table
  autograder marks --canvas EXPORT.csv              the marks and feedback for Canvas, or --moodle
  autograder release                                after a change of source/gpt2/gpt2.ipynb
  autograder github ../gpt2-for-students            a repository for students: notebook, kit, visible tests, workflow
  autograder github collect 'school/gpt2-*' submitted   their notebooks, as they stood at a --deadline
  autograder classroom50 ../gpt2                    the autograder's folder for Classroom 50
  autograder gradescope gpt2.zip                    the autograder to upload at Gradescope
  autograder site ../site                           the assignment as a web page that runs in the student's browser
  autograder weights fetch 124M                     grade with the real GPT-2 instead of the embedded tiny model"""

# What the list of commands says of each. Its door is the file of that name: its `add_options` says what may follow the
# command, `run` does it, and DESCRIPTION, where there is one, is more of its help. It is loaded when it is asked for.
COMMANDS = {
    "grade": "grade notebooks",
    "course": "grade a whole class into nbgrader's gradebook",
    "explain": "explain a mark to the instructor, hidden cases and all",
    "report": "show what a class has not understood",
    "marks": "fill in Moodle's or Canvas's marks",
    "release": "remake release/, solutions/gpt2.html and the kit's data from source/",
    "github": "make the students' repository for GitHub",
    "github collect": "fetch the notebooks of a class from GitHub",
    "classroom50": "make the autograder's folder for Classroom 50",
    "gradescope": "make the autograder zip for Gradescope",
    "site": "make the assignment's web site",
    "weights": "fetch or verify GPT-2's real weights",
}


def door(command: str) -> Any:
    """The module of a command."""
    return import_module(f"autograder.doors.{command.replace(' ', '_')}")


def parser(*asked: str) -> Parser:
    """The parser of all commands; only those that are asked for know their options, which stand in their doors."""
    wide = argparse.RawDescriptionHelpFormatter
    top = Parser("autograder", description="Grade the GPT-2 assignment.", epilog=EXAMPLES, formatter_class=wide)
    top.add_version()
    commands = top.add_subparsers(dest="command", metavar="COMMAND")
    for name, says in COMMANDS.items():
        # One that is only listed loads nothing: `autograder --help` is there at once.
        if name not in asked:
            commands.add_parser(name, help=says, add_help=False)
            continue
        described = getattr(door(name), "DESCRIPTION", f"{says[0].upper()}{says[1:]}.")
        examples = EXAMPLES if name == "grade" else None
        command = commands.add_parser(name, help=says, description=described, epilog=examples, formatter_class=wide)
        door(name).add_options(command)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 0 done, 2 the command was wrong, 3 not (all) graded, 1 anything else."""
    argv = sys.argv[1:] if argv is None else argv
    if completing():  # a shell asks, after the tab key, what the next word may be
        with contextlib.suppress(ImportError):
            import argcomplete

            argcomplete.autocomplete(parser(*(name for name in COMMANDS if " " not in name)))
    if argv[:1] == ["classroom"]:
        print("autograder: GitHub Classroom is no more; `autograder github DIR` does without it.", file=sys.stderr)
        return 2
    if argv[:2] == ["github", "collect"]:  # two words, one command: `autograder github DIR` makes a repository
        argv = ["github collect", *argv[2:]]
    with printing():
        options = parser(*argv[:1]).parse_args(argv)
        try:
            return door(options.command).run(options)
        except AutograderError as error:
            print(f"autograder: {error}", file=sys.stderr)
            return error.exit_code
        except KeyboardInterrupt:  # 130 is what a shell says of a program that Ctrl-C has ended
            again = ": what has been examined is remembered, so start it again to go on" if "jobs" in options else ""
            print(f"autograder: stopped{again}", file=sys.stderr)
            return 130
    return 0  # the reader left
