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
from autograder.notebooks.choosing import DEEP, FEW, NOT_THEIRS, PLAIN
from autograder.reports import clean
from autograder.settings import GitHubAccess, Settings

HELP = """Fetch the notebooks of a class from GitHub into DIR/STUDENT/ASSIGNMENT/, as `autograder grade` takes them.

SOURCE is OWNER/PATTERN, an organization and what its students' repositories are called, with one * for the student
('school/gpt2-*'); or a CSV file with the columns student and repository (OWNER/NAME). DIR.csv then says for each which
commit it was and when it was pushed, or why there is no notebook. Who has handed in nothing is named. The exit code is
3 when something could not be read, which costs nobody a mark. GITHUB_TOKEN holds a token that may read them all."""

REGULAR = ("100644", "100755")  # git's modes of files that are no links
HOW = {404: "does not exist, or the token may not read it", 403: "may not be read with this token"}


class Repository(NamedTuple):
    """One student's: `facts` is what GitHub lists about it, None where it did not say."""

    student: str
    name: str
    facts: dict[str, Any] | None


class Row(NamedTuple):
    """A line of the table: what was found, or the problem. `unread`: GitHub, or the table, did not tell."""

    student: str
    repository: str
    commit: str = ""
    pushed_at: str = ""
    problem: str = ""
    unread: bool = False


class Nothing(Exception):
    """This student has handed in nothing; the message says in what way."""


def add_parser(commands: Any) -> None:
    """Add the command to the command line."""
    collect = commands.add_parser(
        "github collect",
        help="fetch the notebooks of a class from GitHub",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    collect.add_argument("source", metavar="SOURCE", help="OWNER/PATTERN, or a CSV file with student and repository")
    collect.add_argument("folder", metavar="DIR", type=Path, help="a folder that does not exist yet, or is empty")
    collect.add_argument(
        "--deadline",
        metavar="TIME",
        type=moment,
        help="the last push before this counts, for example 2026-11-01T00:00+01:00 (default: the last push)",
    )


def run(options: argparse.Namespace) -> int:
    """Collect the notebooks, whole or not at all. Raises AutograderError; 3 when some could not be read."""
    from autograder.executors.batch import shown

    settings, github = Settings.from_environment(), GitHub(GitHubAccess.from_environment())
    roster = options.source.lower().endswith(".csv")
    students = list(rostered(github, Path(options.source)) if roster else listed(github, options.source))
    if not students:
        raise UsageError(f"{options.source}: the token sees no repository of such a name.")
    table = options.folder.resolve().with_suffix(".csv")
    if table.exists():
        raise UsageError(f"{table}: is there already. Name another folder, or move that table away.")
    with new_folder(options.folder) as made:
        made.mkdir()
        rows = [
            collected(github, one, made, settings.assignment, options.deadline)
            for one in shown(students, len(students), doing="collecting")
        ]
        save(table, as_csv(rows))
    for row in rows:
        if row.problem:
            print(f"autograder: {clean(row.student)} has no notebook here: {clean(row.problem)}.", file=sys.stderr)
    print(f"{sum(not row.problem for row in rows)} of {len(rows)} notebooks are in {options.folder}; see {table}.")
    return 3 if any(row.unread for row in rows) else 0


# ---- Which repositories ----


def listed(github: GitHub, source: str) -> Iterator[Repository]:
    """The repositories of an organization whose names fit a pattern. Raises AutograderError."""
    owner, _, pattern = source.partition("/")
    before, star, after = pattern.partition("*")
    if not owner or not star or "*" in after or "/" in pattern:
        raise UsageError(f"{source}: is neither a CSV file nor OWNER/PATTERN with one * (for example 'school/gpt2-*').")
    fits = re.compile(f"{re.escape(before)}(.+){re.escape(after)}", re.IGNORECASE)
    try:
        for facts in github.pages(f"/orgs/{owner}/repos"):
            if (fit := fits.fullmatch(facts["name"])) and not facts.get("is_template"):
                yield Repository(fit[1], facts["full_name"], facts)
    except Refused as error:
        if error.status != 404:
            raise
        raise UsageError(
            f"{owner}: is no organization on GitHub that this token may see. A CSV file does, too."
        ) from None


def rostered(github: GitHub, file: Path) -> Iterator[Repository]:
    """The repositories that a CSV file names. Raises AutograderError."""
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"{file}: cannot be read ({why}).") from None
    header = text.partition("\n")[0]
    table = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=header.count))
    try:
        rows = [{str(k).strip().lower(): str(v or "").strip() for k, v in row.items()} for row in table]
    except csv.Error as error:
        raise UsageError(f"{file}: line {table.line_num} is not as a CSV file's should be ({error}).") from None
    if not rows or not {"student", "repository"} <= rows[0].keys():
        raise UsageError(f"{file}: needs a first line with the columns student and repository, and a line for each.")
    names = [row["student"] for row in rows]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"{file}: there are two lines for {', '.join(map(repr, sorted(twice)))}.")
    for row in rows:
        name = re.sub(r"^https?://[^/]+/|\.git$", "", row["repository"].rstrip("/"))
        yield Repository(row["student"], name, None)


# ---- One repository ----


def collected(github: GitHub, one: Repository, made: Path, assignment: str, deadline: datetime | None) -> Row:
    """Fetch a student's notebook to MADE/STUDENT/ASSIGNMENT, all or nothing. Raises CannotGrade, OSError when full."""
    row = Row(one.student, one.name)
    if not fit_for_a_folder(one.student):
        return row._replace(problem="no folder can have that name; give another one in a CSV file", unread=True)
    folder = made / one.student / assignment
    try:
        if not one.name:
            raise Nothing("no repository is given")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", one.name):
            raise NotGraded("that is no OWNER/NAME of a repository")
        facts = one.facts or data(github.get(f"/repos/{one.name}"))
        commit, pushed_at = standing(github, facts, deadline)
        row = row._replace(repository=facts["full_name"], commit=commit, pushed_at=pushed_at)
        fetch(github, facts["full_name"], commit, folder)
        stamp(folder, datetime.fromisoformat(pushed_at))
        return row
    except Nothing as why:
        row = row._replace(problem=str(why))
    except Refused as error:
        known = not row.commit and HOW.get(error.status)
        row = row._replace(problem=known or f"could not be read ({error})", unread=True)
    except NotGraded as error:
        row = row._replace(problem=str(error), unread=True)
    except (KeyError, TypeError, ValueError):
        row = row._replace(problem="GitHub's answer lacks something that its pages promise", unread=True)
    except OSError as error:
        if error.errno in FULL:
            raise
        row = row._replace(problem=f"a file of that name cannot be saved here ({error.strerror})", unread=True)
    shutil.rmtree(made / one.student, ignore_errors=True)
    return row


def stamp(folder: Path, when: datetime) -> None:
    """Tell nbgrader the time of the push. Of several notebooks none is the newest: git knows no time of a file."""
    save(folder / "timestamp.txt", f"{when:%Y-%m-%d %H:%M:%S %z}\n")
    for path in folder.rglob("*"):
        os.utime(path, (when.timestamp(), when.timestamp()))


def fit_for_a_folder(name: str) -> bool:
    """Whether a student's folder can have that name, and would be looked at."""
    return bool(re.fullmatch(r"[^\x00-\x1f/\\]+", name)) and not name.startswith(".") and name not in NOT_THEIRS


def standing(github: GitHub, facts: dict[str, Any], deadline: datetime | None) -> tuple[str, str]:
    """The commit that stood on the default branch at the deadline (None: now), and when it was pushed.

    Raises Nothing when there was none, NotGraded when GitHub does not tell.
    """
    name, branch = facts["full_name"], facts["default_branch"]
    if deadline and datetime.fromisoformat(facts["created_at"]) > deadline:
        raise Nothing("the repository was made after the deadline")
    pushes = github.pages(f"/repos/{name}/activity", ref=f"refs/heads/{branch}")  # the newest first
    if (
        deadline is None or datetime.fromisoformat(facts["pushed_at"] or facts["created_at"]) <= deadline
    ):  # no push since, so what is there
        try:
            head = github.get(f"/repos/{name}/commits/heads/{branch}", SHA).text.strip()
        except Refused as error:
            if error.status == 409:
                raise Nothing("the repository is empty") from None
            raise
        return head, next((push["timestamp"] for push in pushes if push["after"] == head), facts["pushed_at"])
    for push in pushes:
        if datetime.fromisoformat(push["timestamp"]) <= deadline and push["activity_type"] != "branch_deletion":
            return push["after"], push["timestamp"]
    raise NotGraded(f"GitHub does not tell what stood on {branch} at the deadline; look at github.com/{name}/activity")


def fetch(github: GitHub, name: str, commit: str, folder: Path) -> None:
    """Save a commit's notebooks, or what may be one under another name. Raises Nothing, Refused, OSError."""
    tree = data(github.get(f"/repos/{name}/git/trees/{commit}", recursive=1))
    if tree["truncated"]:  # so many files that only those at the top are looked at
        tree = data(github.get(f"/repos/{name}/git/trees/{commit}"))
    files = [entry for entry in tree["tree"] if entry["mode"] in REGULAR and theirs(Path(entry["path"]))]
    named = [entry for entry in files if ".ipynb" in Path(entry["path"]).name.lower()]
    plain = [entry for entry in files if Path(entry["path"]).suffix.lower() in PLAIN]
    for entry in (named or plain)[:FEW]:
        save(folder / entry["path"], github.get(f"/repos/{name}/git/blobs/{entry['sha']}", RAW).content)
    if not named and not plain:
        raise Nothing("there is no notebook in the repository")


def theirs(path: Path) -> bool:
    """Whether a file of a repository is one that `choosing` looks at, and no path that leads out of its folder."""
    parts = path.parts
    return len(parts) <= DEEP + 1 and not any(part.startswith(".") or part in NOT_THEIRS for part in parts)


# ---- Times and tables ----


def moment(text: str) -> datetime:
    """A time with its zone. Raises ArgumentTypeError."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = datetime.min
    if when.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time with a zone, as 2026-11-01T00:00+01:00 is")
    return when


def as_csv(rows: list[Row]) -> str:
    """The table, with a first line that names the columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Row._fields[:-1])
    writer.writerows(row[:-1] for row in rows)
    return text.getvalue()
