"""The course's folders as the grader sees them: of a student's folder nothing but the notebook, its time and secret."""

from __future__ import annotations

import glob
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc

from autograder.errors import CannotGrade
from autograder.grading import Grader
from autograder.grading.verdicts import digest
from autograder.notebooks.choosing import choose
from autograder.notebooks.opening import MAX_BYTES, Notebook, Unreadable, open_notebook
from autograder.notebooks.submission import Release
from autograder.record import Record

STAMP, SECRET = "timestamp.txt", "submission_secret.txt"


class HandedIn(NamedTuple):
    """A student's folder in submitted/: the notebook that counts, if there is one, and notes on the choice."""

    folder: Path
    notebook: Path | None
    notes: list[str]

    def opened(self) -> Notebook:
        """The notebook, read once. Raises Unreadable when there is none, and CannotGrade."""
        if self.notebook is None:
            raise Unreadable(" ".join(self.notes))
        return open_notebook(self.notebook, below=self.folder)


def handed_in(folder: Path, release: Release) -> HandedIn:
    """What a student handed in, by the rule of every door. Raises CannotGrade when the folder cannot be read."""
    if folder.is_symlink() or folder.parent.is_symlink():
        return HandedIn(folder, None, ["This is a link, and a link is no submission."])
    return HandedIn(folder, *choose(folder, release))


def grade(grader: Grader, handed: HandedIn, student: str) -> Record:
    """The record of what a student handed in; a folder without a notebook is a zero that says what lies there."""
    name = handed.notebook.relative_to(handed.folder).as_posix() if handed.notebook else f"{grader.release.name}.ipynb"
    label = f"{student}/{grader.release.name}/{name}"
    try:
        return grader.grade(handed.opened(), label, handed.notes)
    except Unreadable as error:
        return replace(grader.zero(label, str(error)), notes=list(dict.fromkeys([*handed.notes, str(error)])))
    except CannotGrade as error:
        return grader.ungraded(label, str(error))


def made_from(context: str, handed: HandedIn) -> str:
    """Names all that an autograded notebook is made from. It stands in that notebook, so a half-made one has none."""
    try:
        content = handed.opened().digest
    except (Unreadable, CannotGrade) as error:
        content = str(error)
    return digest(context, content, handed.notes, sorted(companions(handed.folder).items()))


def companions(folder: Path) -> dict[str, str]:
    """The two small texts that nbgrader keeps beside a submission, where they are what they should be.

    The time of submission (a newer one is graded again), and the secret under which the student finds the feedback.
    """
    return {name: said for name in (STAMP, SECRET) if (said := small_text(folder / name)) and PLAUSIBLE[name](said)}


def small_text(path: Path) -> str:
    """What a regular file of at most 200 bytes says; "" for anything else."""
    try:
        status = path.lstat()
        return path.read_text("ascii").strip() if stat.S_ISREG(status.st_mode) and status.st_size <= 200 else ""
    except (OSError, ValueError):
        return ""


def is_time(text: str) -> bool:
    try:
        return parse_utc(text) is not None
    except (ValueError, OverflowError):
        return False


PLAUSIBLE: dict[str, Callable[[str], object]] = {STAMP: is_time, SECRET: re.compile(r"[0-9a-f]{128}").fullmatch}


class SubmittedFiles(CourseDirectory):
    """The course as `nbgrader autograde` sees it: of a student's folder nothing but the notebook, read as data."""

    @classmethod
    def of(cls, course: CourseDirectory) -> SubmittedFiles:
        """`course` itself, but no other file is copied to autograded/ (links, devices, gptkit, gigabytes)."""
        values = {name: getattr(course, name) for name in course.trait_names(config=True)}
        return cls(parent=course.parent, **values | {"ignore": ["*"]})

    def get_existing_timestamp(self, dest_path: str) -> Any:
        return parse_utc(companions(Path(dest_path)).get(STAMP))

    def submissions(self, notebook: str) -> dict[str, list[str]]:
        """Every student's folder with the notebook that should be in it, so that a missing one is a zero, too.

        Those with a name that nbgrader cannot handle are logged, and listed in `unfit`.
        """
        pattern = self.format_path(self.submitted_directory, self.student_id, self.assignment_id)
        found, self.unfit = {}, []
        for folder in filter(os.path.isdir, glob.glob(pattern)):  # noqa: PTH207 (nbgrader compares these strings)
            if glob.has_magic(folder) or not folder.isprintable():
                self.log.error("Not graded, because nbgrader cannot handle such a name (rename it): %r", folder)
                self.unfit.append(repr(Path(folder).parent.name))
            else:
                found[folder] = [os.path.join(folder, f"{notebook}.ipynb")]  # noqa: PTH118
        return found


class Collect(ExchangeCollect):
    """`nbgrader collect` that takes a student's notebooks, their time and secret; no links, no gptkit, nothing else."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        source, target = Path(src), Path(dest)
        target.mkdir(parents=True)
        for path in sorted(source.glob("*.ipynb")):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES:
                shutil.copyfile(path, target / path.name)
            else:
                self.log.error("Not collected, because it is not a file of at most 100 MB: %s", path)
        _, _, time, *_ = f"{source.name}+++".split("+")  # nbgrader's name for it: student+assignment+time+chance
        for name, said in ({STAMP: time, SECRET: secrets.token_hex(64)} | companions(source)).items():
            (target / name).write_text(said)
