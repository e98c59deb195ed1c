"""`autograder github collect`: the notebooks of a class from their repositories on GitHub, as they stood at a deadline.

GitHub says which commit stood at what time: the dates inside of a commit are whatever its author's computer says.
"""

from __future__ import annotations

import argparse
import csv
import io
import os
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from autograder.doors.github_api import RAW, SHA, GitHub, Refused, data
from autograder.errors import NotGraded, UsageError
from autograder.files import FULL, new_folder, save
from autograder.lms.archives import somebodys
from autograder.notebooks.choosing import DEEP, FEW, NOT_THEIRS, PLAIN
from autograder.reports import clean
from autograder.settings import Settings, github_access

DESCRIPTION = """\
Fetch the notebooks of a class from GitHub into DIR/STUDENT/ASSIGNMENT/, as `autograder grade` takes them.

SOURCE is OWNER/PATTERN, an organization and what its students' repositories are called, with one * for the student
('school/gpt2-*'); or a CSV file with the columns student and repository (OWNER/NAME). DIR.csv then says for each which
commit it was and when it was pushed, or why there is no notebook. Who has handed in nothing is named. The exit code is
3 when something could not be read, which costs nobody a mark. GITHUB_TOKEN holds a token that may read them all."""

REGULAR = ("100644", "100755")  # git's modes of files that are no links


class Row(NamedTuple):
    """A line of the table. `problem`: why there is no notebook; `unread`: that was not for the student to change."""

    student: str
    repository: str
    commit: str = ""
    pushed_at: str = ""
    problem: str = ""
    unread: bool = False


class Nothing(Exception):
    """This student has handed in nothing; the message says in what way."""


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("source", metavar="SOURCE", help="OWNER/PATTERN, or a CSV file with student and repository")
    command.add_argument("folder", metavar="DIR", type=Path, help="a folder that does not exist yet, or is empty")
    example = "for example 2026-11-01T00:00+01:00 (default: the last push)"
    command.add_argument("--deadline", metavar="TIME", type=moment, help=f"the last push before it counts, {example}")


def moment(text: str) -> datetime:
    """A time with its zone. Raises ArgumentTypeError."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = datetime.min  # which has no zone
    if when.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time with a zone, as 2026-11-01T00:00+01:00 is")
    return when


def run(options: argparse.Namespace) -> int:
    """Collect the notebooks, whole or not at all. Raises AutograderError; 3 when some could not be read."""
    from autograder.executors.batch import shown

    assignment, github = Settings.from_environment().assignment, GitHub(*github_access())
    found = rostered if options.source.lower().endswith(".csv") else listed
    students = list(found(github, options.source))
    if not students:
        raise UsageError(f"{options.source}: the token sees no repository of such a name.")
    table = options.folder.resolve().with_name(f"{options.folder.resolve().name}.csv")
    if table.exists():
        raise UsageError(f"{table}: is there already. Name another folder, or move that table away.")
    with new_folder(options.folder) as made:
        made.mkdir()
        progress = shown(students, len(students), doing="collecting")
        rows = [collected(github, row, made, assignment, options.deadline) for row in progress]
        with io.StringIO() as text:
            csv.writer(text, lineterminator="\n").writerows([Row._fields[:-1], *(row[:-1] for row in rows)])
            save(table, text.getvalue())
    for row in rows:
        if row.problem:
            print(f"autograder: {clean(row.student)} has no notebook here: {clean(row.problem)}.", file=sys.stderr)
    print(f"{sum(not row.problem for row in rows)} of {len(rows)} notebooks are in {options.folder}; see {table}.")
    return 3 if any(row.unread for row in rows) else 0


# ---- Which repositories ----


def listed(github: GitHub, source: str) -> Iterator[Row]:
    """The repositories of an organization whose names fit a pattern. Raises AutograderError."""
    owner, _, pattern = source.partition("/")
    before, star, after = pattern.partition("*")
    if not owner or not star or "*" in after or "/" in pattern:
        raise UsageError(f"{source}: is neither a CSV file nor OWNER/PATTERN with one * (for example 'school/gpt2-*').")
    fits = re.compile(f"{re.escape(before)}(.+){re.escape(after)}", re.IGNORECASE)
    try:
        for facts in github.pages(f"/orgs/{owner}/repos"):
            if (fit := fits.fullmatch(facts["name"])) and not facts.get("is_template"):
                yield Row(fit[1], facts["full_name"])
    except Refused as error:
        if error.status != 404:
            raise
        raise UsageError(f"{owner}: this token sees no organization of that name; try a CSV file.") from None


def rostered(_: GitHub, source: str) -> Iterator[Row]:
    """The repositories that a CSV file names. Raises UsageError."""
    try:
        # Spreadsheets write a byte order mark first, and in some countries semicolons.
        text = Path(source).read_text("utf-8-sig")
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        table = csv.DictReader(io.StringIO(text), delimiter=delimiter)
        rows = [{str(key).strip().lower(): str(value or "").strip() for key, value in row.items()} for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{source}: cannot be read as a CSV file in UTF-8 ({error}).") from None
    if not rows or not {"student", "repository"} <= rows[0].keys():
        raise UsageError(f"{source}: needs a first line with the columns student and repository, and a line for each.")
    names = [row["student"] for row in rows]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"{source}: there are two lines for {', '.join(map(repr, sorted(twice)))}.")
    for row in rows:
        yield Row(row["student"], re.sub(r"^https?://[^/]+/|\.git$", "", row["repository"].rstrip("/")))


# ---- One repository ----


def collected(github: GitHub, row: Row, made: Path, assignment: str, deadline: datetime | None) -> Row:
    """Fetch a student's notebook to MADE/STUDENT/ASSIGNMENT, all or nothing. Raises CannotGrade, OSError when full."""
    if not re.fullmatch(r"[^\x00-\x1f/\\.][^\x00-\x1f/\\]*", row.student) or row.student in NOT_THEIRS:
        return row._replace(problem="no folder can have that name; give another one in a CSV file", unread=True)
    folder = made / row.student / assignment
    try:
        if not row.repository:
            raise Nothing("no repository is given")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", row.repository):
            raise NotGraded("that is no OWNER/NAME of a repository")
        facts = data(github.get(f"/repos/{row.repository}"))
        commit, pushed_at = standing(github, facts, deadline)
        row = row._replace(repository=facts["full_name"], commit=commit, pushed_at=pushed_at)
        fetch(github, row.repository, commit, folder)
        stamp(folder, datetime.fromisoformat(pushed_at))
        return row
    except (Nothing, NotGraded, OSError) as error:
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        shutil.rmtree(made / row.student, ignore_errors=True)  # a part of it would be graded as if it were all
        why = str(error.strerror if isinstance(error, OSError) else error)
        return row._replace(problem=why, unread=not isinstance(error, Nothing))


def standing(github: GitHub, facts: dict[str, Any], deadline: datetime | None) -> tuple[str, str]:
    """The commit that stood on the default branch at the deadline (None: now), and when it was pushed.

    Raises Nothing when there was none, NotGraded when GitHub does not tell.
    """
    name, branch = facts["full_name"], facts["default_branch"]
    if deadline and datetime.fromisoformat(facts["created_at"]) > deadline:
        raise Nothing("the repository was made after the deadline")
    # A generator: nothing is asked before the first push is looked at.
    pushes = github.pages(f"/repos/{name}/activity", ref=f"refs/heads/{branch}")  # the newest first
    # The time of the last push to any branch: that none was later says that none was to this branch.
    latest = facts["pushed_at"] or facts["created_at"]
    if deadline is None or datetime.fromisoformat(latest) <= deadline:  # no push since, so it is what is there now
        try:
            head = github.get(f"/repos/{name}/commits/heads/{branch}", SHA).text.strip()
        except Refused as error:
            if error.status != 409:
                raise
            raise Nothing("the repository is empty") from None
        return head, next((push["timestamp"] for push in pushes if push["after"] == head), latest)
    for push in pushes:
        if datetime.fromisoformat(push["timestamp"]) <= deadline and push["activity_type"] != "branch_deletion":
            return push["after"], push["timestamp"]
    raise NotGraded(f"GitHub does not tell what stood on {branch} at the deadline; look at github.com/{name}/activity")


def fetch(github: GitHub, name: str, commit: str, folder: Path) -> None:
    """Save a commit's notebooks, or what may be one under another name. Raises Nothing, Refused, OSError."""
    tree = data(github.get(f"/repos/{name}/git/trees/{commit}", recursive=1))
    if tree["truncated"]:  # so many files that only those at the top are looked at
        tree = data(github.get(f"/repos/{name}/git/trees/{commit}"))
    files = [(Path(entry["path"]), entry["sha"]) for entry in tree["tree"] if entry["mode"] in REGULAR]
    # None that `choosing` would not look at, and none that leads out of the folder, as `..` does.
    files = [(path, blob) for path, blob in files if len(path.parts) <= DEEP + 1 and somebodys(path)]
    named = [(path, blob) for path, blob in files if ".ipynb" in path.name.lower()]
    plain = [(path, blob) for path, blob in files if path.suffix.lower() in PLAIN]
    if not named and not plain:
        raise Nothing("there is no notebook in the repository")
    for path, blob in (named or plain)[:FEW]:
        save(folder / path, github.get(f"/repos/{name}/git/blobs/{blob}", RAW).content)


def stamp(folder: Path, when: datetime) -> None:
    """Tell nbgrader the time of the push. Of several notebooks none is the newest: git knows no time of a file."""
    save(folder / "timestamp.txt", f"{when:%Y-%m-%d %H:%M:%S %z}\n")
    for path in folder.rglob("*"):
        os.utime(path, (when.timestamp(), when.timestamp()))
