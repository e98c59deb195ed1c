"""The course's folders as the grader sees them: of a student's folder nothing but the notebook, its time and secret."""

from __future__ import annotations

import contextlib
import glob
import logging
import os
import re
import secrets
import stat
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.utils import parse_utc

from autograder.grading.verdicts import digest
from autograder.notebooks import submission

STAMP, SECRET = "timestamp.txt", "submission_secret.txt"


def made_from(context: str, path: Path) -> str:
    """Names all that an autograded notebook is made from. It stands in that notebook, so a half-made one has none."""
    try:
        status = path.lstat()
        read = stat.S_ISREG(status.st_mode) and status.st_size <= submission.MAX_BYTES
        content = path.read_bytes() if read else (status.st_mode, status.st_size, status.st_mtime_ns)
    except OSError as error:
        content = error.errno
    return digest(context, content, sorted(companions(path.parent).items()))


def companions(folder: Path) -> dict[str, str]:
    """The two small texts that nbgrader keeps beside a submission, where they are what they should be.

    The time of submission (a newer one is graded again), and the secret under which the student finds the feedback.
    """
    return {name: said for name in (STAMP, SECRET) if (said := small_text(folder / name)) and PLAUSIBLE[name](said)}


def small_text(path: Path) -> str:
    """What a regular file of at most 200 bytes says; "" for anything else."""
    try:
        return (regular(path, 200) or b"").decode("ascii").strip()
    except (OSError, ValueError):
        return ""


def regular(path: str | Path, limit: int, folder: int | None = None) -> bytes | None:
    """What a regular file holds; None for anything else and for more than `limit` bytes. Raises OSError.

    It is opened without following a link or waiting for a pipe, and what was opened is looked at: another file may
    stand there a moment later. In `folder` (its descriptor) the file must be its owner's, who may link to others.
    """
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with os.fdopen(opened, "rb") as file:
        status = os.fstat(opened)
        theirs = folder is None or status.st_uid == os.fstat(folder).st_uid
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit or not theirs:
            return None
        content = file.read(limit + 1)  # it may grow meanwhile
    return content if len(content) <= limit else None


def is_time(text: str) -> bool:
    try:
        return parse_utc(text) is not None
    except (ValueError, OverflowError):
        return False


PLAUSIBLE = {STAMP: is_time, SECRET: re.compile(r"[0-9a-f]{128}").fullmatch}


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

        Those with a name that nbgrader cannot handle, and links to somebody else's work, are logged, and stand in
        `unfit`.
        """
        pattern = self.format_path(self.submitted_directory, self.student_id, self.assignment_id)
        found, self.unfit = {}, []
        root = Path(self.format_path(self.submitted_directory, "", ""))
        for folder in filter(os.path.isdir, glob.glob(pattern)):  # noqa: PTH207 (nbgrader compares these strings)
            if glob.has_magic(folder) or not folder.isprintable():
                self.log.error("Not graded, because nbgrader cannot handle such a name (rename it): %r", folder)
                self.unfit.append(repr(Path(folder).parent.name))
            elif Path(folder).resolve() != root.resolve() / Path(folder).relative_to(root):
                self.log.error("Not graded, because it is a link and no folder of the student's own: %s", folder)
                self.unfit.append(Path(folder).parent.name)
            else:
                found[folder] = [os.path.join(folder, f"{notebook}.ipynb")]  # noqa: PTH118
        return found


class Collect(ExchangeCollect):
    """`nbgrader collect` that takes a student's notebooks, their time and secret; no links, no gptkit, nothing else."""

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        if printable not in self.log.filters:
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
            if (content := kept(name, submission.MAX_BYTES, folder)) is not None:
                (target / name).write_bytes(content)
            else:
                self.log.error("Not collected, because it is not a file of at most 100 MB: %s/%s", src, name)
        _, _, time, *_ = f"{Path(src).name}+++".split("+")  # nbgrader's name for it: student+assignment+time+chance
        for name, otherwise in {STAMP: time, SECRET: secrets.token_hex(64)}.items():
            said = (kept(name, 200, folder) or b"").decode("ascii", "replace").strip()
            (target / name).write_text(said if PLAUSIBLE[name](said) else otherwise)


def kept(name: str, limit: int, folder: int) -> bytes | None:
    """As `regular`; None for what cannot be opened, too."""
    with contextlib.suppress(OSError):
        return regular(name, limit, folder)
    return None


def printable(record: logging.LogRecord) -> bool:
    """Keep a file's name in a message from moving the cursor or changing the colours of a terminal."""
    said = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in record.getMessage())
    record.msg, record.args = said, ()
    return True
