"""Classroom 50's way in: the folder of an assignment's autograder there, and the command that grades inside of it.

The folder becomes `CLASSROOM/autograders/gpt2/` of the organization's `classroom50` repository. What Classroom 50 wants
of an autograder is on its wiki page "Advanced Autograding": a result.json with whole numbers for scores.
"""

from __future__ import annotations

import argparse
import json
import math
import secrets
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from autograder.doors.gradescope import TEMPLATES, contents, graded
from autograder.errors import AutograderError
from autograder.files import new_folder, save, save_output
from autograder.record import Record
from autograder.reports import markdown
from autograder.settings import Settings, told

FIELDS = ("classroom", "assignment", "submission", "commit", "release", "review")  # of result.json, and whence:
VARIABLES = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL", "REVIEW_URL")


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR", type=Path, help="a folder that does not exist yet, or is empty")


def run(options: argparse.Namespace) -> int:
    """Make the folder, whole or not at all. Raises AutograderError.

    Its hidden cases are drawn by a seed of its own: what is in the folder is published.
    """
    settings = replace(Settings.from_environment(), seed=secrets.token_hex(16))
    with new_folder(options.folder) as made:
        for name, content in contents(settings):
            if name != "run_autograder":  # Gradescope's; autograder.py is here what that is there
                save(made / name, content)
        for path in (TEMPLATES / "classroom50").iterdir():
            save(made / path.name, path.read_bytes())
    print(f"{options.folder} is ready: copy it to autograders/ASSIGNMENT of your classroom. Classroom 50 publishes all")
    print("of it, answers included, so its scores are advice; `autograder github collect` is the way to binding ones.")
    return 0


def scale(record: Record) -> int:
    """By how much points are multiplied to be whole numbers, whatever a student earns: by 6 as released.

    The points of a check may be halves, and a model with two functions replaced pays a third of them.
    """
    # A record rounds to six digits; this finds the fraction that was rounded.
    points = [Fraction(check.points).limit_denominator(1000) for e in record.exercises for check in e.checks]
    return 3 * math.lcm(*(share.denominator for share in points))


def result(record: Record, said: Sequence[str]) -> dict[str, Any]:
    """Classroom 50's result.json; `said` holds the values of its VARIABLES. It adds whose the repository is."""
    by = scale(record)
    tests = [
        {
            "test-name": e.name,
            "passed": e.status == "passed",
            "score": round(e.score * by),
            "max-score": round(e.max_score * by),
        }
        for e in record.exercises
    ]
    return {
        "schema": "classroom50/result/v1",
        **dict(zip(FIELDS, said, strict=True)),
        "datetime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "tests": tests,
    }


def main(checkout: Path) -> int:
    """Grade a student's checkout: result.json and release-body.md in it. No result.json where nothing can be graded."""
    try:
        said = told(VARIABLES)
        record = graded(checkout)
        by = scale(record)
        page = "".join(markdown([record]))
        page += f"\nClassroom 50 takes whole numbers only, so it shows {by} times these points, out of "
        page += f"{record.max_score * by:g}. This score is advice; your instructor grades again.\n"
        for name, text in (("result.json", json.dumps(result(record, said), indent=1)), ("release-body.md", page)):
            if (checkout / name).is_symlink():  # a student's; what is written goes into the checkout
                (checkout / name).unlink()
            save_output(checkout / name, text)
    except AutograderError as error:
        print(f"This submission could not be graded, which is not its author's doing: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{record.score:g} of {record.max_score:g} points, times {by} in result.json.")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
