"""The course's folders as the grader sees them: of a student's folder nothing but the notebook, its time and secret."""

from __future__ import annotations

import glob
import os
import re
import secrets
import shutil
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
        status = path.lstat()
        return path.read_text("ascii").strip() if stat.S_ISREG(status.st_mode) and status.st_size <= 200 else ""
    except (OSError, ValueError):
        return ""


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
            if stat.S_ISREG(status.st_mode) and status.st_size <= submission.MAX_BYTES:
                shutil.copyfile(path, target / path.name)
            else:
                self.log.error("Not collected, because it is not a file of at most 100 MB: %s", path)
        _, _, time, *_ = f"{source.name}+++".split("+")  # nbgrader's name for it: student+assignment+time+chance
        for name, said in ({STAMP: time, SECRET: secrets.token_hex(64)} | companions(source)).items():
            (target / name).write_text(said)
