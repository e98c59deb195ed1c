"""The course's folders as the grader sees them: of a student's folder nothing but the notebook, its time and secret."""

from __future__ import annotations

import glob
import logging
import os
import re
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

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


@dataclass(frozen=True)
class HandedIn:
    """A student's folder in submitted/: the notebook that counts, if there is one, and notes on the choice."""

    folder: Path
    notebook: Path | None
    notes: list[str]

    @cached_property
    def opened(self) -> Notebook:
        """The notebook, read once, at the first use. Raises Unreadable when there is none, and CannotGrade."""
        if self.notebook is None:
            raise Unreadable(" ".join(self.notes))
        return open_notebook(self.notebook, below=self.folder)


def handed_in(folder: Path, release: Release) -> HandedIn:
    """What a student handed in, by the rule of every door. Raises CannotGrade when the folder cannot be read."""
    if linked(folder):
        return HandedIn(folder, None, ["This is a link, and a link is no submission."])
    return HandedIn(folder, *choose(folder, release))


def folder_of(course: CourseDirectory, step: str, student: str) -> Path:
    """A student's folder of a `step` of nbgrader's: "submitted", "autograded" or "feedback"."""
    return Path(course.format_path(getattr(course, f"{step}_directory"), student, course.assignment_id))


def linked(folder: Path) -> bool:
    """Whether a student's folder is a link, to somebody else's work for one."""
    return folder.is_symlink() or folder.parent.is_symlink()


def grade(grader: Grader, handed: HandedIn, student: str) -> Record:
    """The record of what a student handed in; a folder without a notebook is a zero that says what lies there."""
    name = handed.notebook.relative_to(handed.folder).as_posix() if handed.notebook else f"{grader.release.name}.ipynb"
    label = f"{student}/{grader.release.name}/{name}"
    try:
        return grader.grade(handed.opened, label, handed.notes)
    except Unreadable as error:
        return replace(grader.zero(label, str(error)), notes=list(dict.fromkeys([*handed.notes, str(error)])))
    except CannotGrade as error:
        return grader.ungraded(label, str(error))


def made_from(context: str, handed: HandedIn) -> str:
    """Names all that an autograded notebook is made from. It stands in that notebook, so a half-made one has none."""
    try:
        content = handed.opened.digest
    except (Unreadable, CannotGrade) as error:
        content = str(error)
    return digest(context, content, handed.notes, sorted(companions(handed.folder).items()))


def companions(folder: Path) -> dict[str, str]:
    """The two small texts that nbgrader keeps beside a submission, where they are what they should be.

    The time of submission (a newer one is graded again), and the secret under which the student finds the feedback.
    """
    names = () if linked(folder) else (STAMP, SECRET)
    return {name: said for name in names if (said := small_text(name, folder / name))}


def small_text(name: str, path: str | Path, folder: int | None = None) -> str:
    """What one of nbgrader's two small files says; "" for anything that nbgrader would not have written there."""
    said = (regular(path, 200, folder) or b"").decode("ascii", "replace").strip()
    return said if PLAUSIBLE[name](said) else ""


def regular(path: str | Path, limit: int, folder: int | None = None) -> bytes | None:
    """What a regular file holds; None for anything else, for more than `limit` bytes, and for what cannot be opened.

    In `folder` (its descriptor) the file must be its owner's, who may link to others.
    """
    # Opened without following a link or waiting for a pipe, and looked at only then: asked before, it might be another
    # file by the time that it is opened.
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        with os.fdopen(opened, "rb") as file:
            status = os.fstat(opened)
            theirs = folder is None or status.st_uid == os.fstat(folder).st_uid
            if not stat.S_ISREG(status.st_mode) or status.st_size > limit or not theirs:
                return None
            content = file.read(limit + 1)  # it may grow meanwhile
    except OSError:
        return None
    return content if len(content) <= limit else None


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
        # nbgrader takes the folder's name for a pattern, and writes it into its log.
        for folder in filter(os.path.isdir, glob.glob(pattern)):  # noqa: PTH207 (nbgrader compares these strings)
            if glob.has_magic(folder) or not folder.isprintable():
                self.log.error("Not graded, because nbgrader cannot handle such a name (rename it): %r", folder)
                self.unfit.append(repr(Path(folder).parent.name))
            else:
                found[folder] = [os.path.join(folder, f"{notebook}.ipynb")]  # noqa: PTH118
        return found


class Collect(ExchangeCollect):
    """`nbgrader collect` that takes a student's notebooks, their time and secret; no links, no gptkit, nothing else."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        if printable not in self.log.filters:
            # The names of a student's folders and files are logged below, and by nbgrader itself.
            self.log.addFilter(printable)

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        target = Path(dest)
        try:  # opened for good: a link put in its place later leads nowhere
            folder = os.open(src, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            self.log.error("Not collected, because it is no folder that can be opened: %s (%s)", src, error.strerror)
            return
        try:
            target.mkdir(parents=True)
            self.take(folder, src, target)
        finally:
            os.close(folder)

    def take(self, folder: int, src: str, target: Path) -> None:
        """Copy what is wanted of an opened folder."""
        for name in sorted(name for name in os.listdir(folder) if Path(name).suffix == ".ipynb"):
            if (content := regular(name, MAX_BYTES, folder)) is not None:
                (target / name).write_bytes(content)
            else:
                self.log.error("Not collected, because it is not a file of at most 100 MB: %s/%s", src, name)
        _, _, time, *_ = f"{Path(src).name}+++".split("+")  # nbgrader's name for it: student+assignment+time+chance
        for name, otherwise in {STAMP: time, SECRET: secrets.token_hex(64)}.items():
            (target / name).write_text(small_text(name, name, folder) or otherwise)


def printable(record: logging.LogRecord) -> bool:
    """Keep a file's name in a message from moving the cursor or changing the colours of a terminal."""
    said = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in record.getMessage())
    record.msg, record.args = said, ()
    return True
