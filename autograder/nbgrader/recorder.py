"""One submission on its way through nbgrader: examined, recorded in the gradebook, its feedback page written.

What `nbgrader autograde` and `nbgrader generate_feedback` do is done with nbgrader's own steps, in another order: first
all that takes time, then one short transaction, then the files, each whole or not at all. So it may be stopped at any
moment. A submission is done when its autograded notebook names the content it was made from, and its feedback page the
state of the gradebook that it shows.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import nbformat
from nbgrader.api import InvalidEntry
from nbgrader.apps import AutogradeApp
from nbgrader.converters import Autograde, BaseConverter, GenerateFeedback, NbGraderException
from nbgrader.preprocessors import CheckCellMetadata, OverwriteCells, OverwriteKernelspec
from sqlalchemy.exc import DBAPIError, SAWarning, SQLAlchemyError
from traitlets.config import Config

from autograder.errors import CannotGrade, NotGraded, UsageError
from autograder.files import save, sweep
from autograder.nbgrader.course_files import HandedIn, companions, folder_of, made_from
from autograder.nbgrader.exporter import Examine, SubmissionExporter, stamp
from autograder.nbgrader.gradebook import OneGradebook
from autograder.nbgrader.points import outdated
from autograder.record import Record
from autograder.settings import Settings

T = TypeVar("T")
OPENINGS = 4  # times that opening the gradebook is tried, a second apart
AWAY = 120  # seconds that the gradebook may be away: a server restart, many writers
ONCE = (OverwriteKernelspec, OverwriteCells, CheckCellMetadata)  # they change nbgrader's own cells, the same in all
CONFIG = "Run this in a course folder: its nbgrader_config.py names autograder's exporter (c.Autograde.exporter_class)."


class Course:
    """One course and assignment as nbgrader is configured for it, for one process: where things are, and a grader."""

    def __init__(self, assignment: str, isolation: str, **changes: Any):
        """`changes`: of the settings, those of the environment or the course's own."""
        app = AutogradeApp()
        app.initialize(["--log-level=ERROR"])
        app.log.setLevel(logging.CRITICAL)  # what goes wrong from here on is raised, and told once
        logging.getLogger("tornado.application").setLevel(logging.CRITICAL)  # conflicts between writers: tried again
        warnings.simplefilter("ignore", SAWarning)  # nbgrader's own, at each new submission
        if isolation != "auto":  # else the course's configuration says
            app.update_config(Config({"SubmissionExporter": {"isolation": isolation}}))
        if changes:
            ours = app.config.SubmissionExporter.get("settings") or Settings.from_environment()
            app.update_config(Config({"SubmissionExporter": {"settings": replace(ours, **changes)}}))
        app.coursedir.assignment_id = assignment
        app.coursedir.student_id = "nobody"  # nbgrader would look up the whole class in every process
        self.assignment, self.autograde = assignment, Autograde(coursedir=app.coursedir, parent=app)
        try:
            self.exporter = self.autograde.exporter_class(parent=self.autograde, config=self.autograde.config)
        except NbGraderException as error:
            raise error.__cause__ or UsageError(str(error)) from None
        if not isinstance(self.exporter, SubmissionExporter):
            raise UsageError(CONFIG)
        self.grader, self.course = self.exporter.grader, self.autograde.coursedir

    def students(self) -> list[str]:
        """Everyone who handed in something. Raises UsageError when there is nobody."""
        self.course.student_id = "*"
        excluded = self.course.student_id_exclude.split(",")
        found = [
            self.autograde.init_single_notebook_resources(p)
            for (p,) in self.course.submissions(self.assignment).values()
        ]
        names = sorted(it["nbgrader"]["student"] for it in found)
        if not names:
            raise UsageError(f"No submissions in {folder_of(self.course, 'submitted', '*')}")
        return [name for name in names if name not in excluded]

    def submitted(self, student: str) -> HandedIn:
        return self.exporter.submitted(student)

    def file_of(self, student: str) -> Path:
        """The name that nbgrader knows the submission by, whatever the file is called."""
        return folder_of(self.course, "submitted", student) / f"{self.assignment}.ipynb"

    def autograded(self, student: str) -> Path:
        return folder_of(self.course, "autograded", student) / f"{self.assignment}.ipynb"


class Recorder(Course):
    """nbgrader at work on a course: its steps and the open gradebook."""

    def __init__(self, assignment: str, isolation: str, fresh: bool = False):
        super().__init__(assignment, isolation, **({"fresh": True} if fresh else {}))
        self.gradebook, app = self.open(), self.autograde.parent
        self.feedback = GenerateFeedback(coursedir=app.coursedir, parent=app)
        self.page = self.feedback.exporter_class(parent=self.feedback, config=self.feedback.config)
        for step in self.feedback.preprocessors:
            self.page.register_preprocessor(step)
        self.prepare()

    def open(self) -> OneGradebook:
        """The gradebook, with the assignment in it. Raises AutograderError."""
        for attempt in range(OPENINGS):  # a server that restarts is back in seconds; what is misnamed never is
            try:
                gradebook = OneGradebook(self.course.db_url, self.course.course_id)
                wrong = outdated(gradebook, self.assignment, self.grader.release.points)
                break
            except DBAPIError as error:
                if attempt == OPENINGS - 1:
                    raise CannotGrade(f"The gradebook cannot be opened: {first_line(error)}") from None
                time.sleep(1)
        gradebook.forget()
        if wrong:
            raise UsageError(wrong)
        return gradebook

    def prepare(self) -> None:
        """Sort nbgrader's steps: done once for all, before the transaction, inside it."""
        released, resources = nbformat.read(self.exporter.settings.release, as_version=4), self.resources("nobody")
        sanitize = self.steps(self.autograde.sanitize_preprocessors)
        with self.gradebook.in_use():
            for step in sanitize:
                if isinstance(step, ONCE):
                    released, resources = step(released, resources)
        self.gradebook.forget()
        self.released = released
        rest = [step for step in self.steps(self.autograde.autograde_preprocessors) if not isinstance(step, ONCE)]
        place = next((i for i, step in enumerate(rest) if isinstance(step, Examine)), None)
        if place is None:
            raise UsageError(CONFIG)
        self.before = [step for step in sanitize if not isinstance(step, ONCE)] + rest[: place + 1]
        self.inside = rest[place + 1 :]

    def steps(self, names: list) -> list:
        # Private in nbconvert: its exporter can only add steps, and here they are sorted into before and inside.
        self.exporter._preprocessors = []
        for name in names:
            self.exporter.register_preprocessor(name)
        return self.exporter._preprocessors

    # ---- One submission ----

    def shown(self, student: str) -> Path:
        return folder_of(self.course, "feedback", student) / f"{self.assignment}{self.page.file_extension}"

    def resources(self, student: str) -> dict[str, Any]:
        """What nbgrader's steps want to know about a notebook."""
        found = self.autograde.init_single_notebook_resources(str(self.file_of(student)))
        return found | {"metadata": {"name": self.assignment, "path": str(self.autograded(student).parent)}}

    def done(self, student: str, state: str | None) -> bool:
        """Whether there is nothing to do; `state`: what the gradebook says, as `digests` puts it."""
        try:
            with self.shown(student).open("rb") as page:
                # The state is the page's last line, and all that is read of it.
                page.seek(-len(ending(state)), os.SEEK_END)
                return page.read() == ending(state) and stamp(self.autograded(student)) == made_from(
                    self.exporter.context, self.submitted(student)
                )
        except (OSError, ValueError, CannotGrade):  # a folder that cannot be read is one to try again
            return False

    def finish(self, student: str, record: Record | None = None, made: str | None = None) -> None:
        """Examine (if there is no record), record in the gradebook, write the notebook and the feedback page."""
        try:
            handed = self.submitted(student)
            nb = self.exporter.made_anew(handed, nbformat.from_dict(self.released))
        except CannotGrade as error:  # this student's folder: the others can be graded
            raise NotGraded(str(error)) from None
        resources = self.resources(student) | {"record": record, "handed": handed}
        self.autograded(student).parent.mkdir(parents=True, exist_ok=True)
        for step in self.before:
            nb, resources = step(nb, resources)
        nb.metadata["autograder"] = made or nb.metadata["autograder"]
        self.persistently(lambda: self.record(student, nb, resources))
        beside = companions(handed.folder)
        self.write(self.autograde, student, self.autograded(student), nbformat.v4.writes(nb), beside)
        page, state = self.persistently(lambda: self.render(student, nb))
        self.write(self.feedback, student, self.shown(student), page + ending(state).decode(), beside)

    def write(self, converter: BaseConverter, student: str, path: Path, text: str, beside: dict[str, str]) -> None:
        """Write what a converter has made, after the two small files that nbgrader looks for beside it."""
        sweep(path.parent)  # what an earlier run left that was killed here
        for name, said in (*beside.items(), (path.name, text)):
            save(path.with_name(name), said)
            path.with_name(name).chmod(int(str(converter.permissions), 8))
        if self.course.groupshared:
            with contextlib.suppress(FileNotFoundError):  # another grader's unfinished file
                converter.set_permissions(self.assignment, student)

    def record(self, student: str, nb: nbformat.NotebookNode, resources: dict[str, Any]) -> None:
        """The submission, its scores and its penalty, in one transaction."""
        with self.gradebook.in_use(), self.gradebook.transaction():
            self.autograde.notebooks = [str(self.file_of(student))]
            self.autograde.init_assignment(self.assignment, student)
            for step in self.inside:
                nb, resources = step(nb, resources)
                # Sums are made by the database: a step that read them earlier would not see what changed since.
                self.gradebook.db.flush()
                self.gradebook.db.expire_all()

    def render(self, student: str, nb: nbformat.NotebookNode) -> tuple[str, str | None]:
        """The feedback page, and the state of the gradebook that it shows."""
        state = self.gradebook.digests(self.assignment, student)[student]  # first: what changes now is shown next time
        with self.gradebook.in_use():
            page, _ = self.page.from_notebook_node(nb, self.resources(student))
        self.gradebook.forget()
        return page, state

    def persistently(self, act: Callable[[], T]) -> T:
        """Do it, again and again while the gradebook is away or another writer was faster. Raises CannotGrade."""
        until = time.monotonic() + AWAY
        while True:
            try:
                return act()
            except (SQLAlchemyError, InvalidEntry) as error:
                self.gradebook.forget()
                if time.monotonic() > until:
                    raise CannotGrade(f"The gradebook cannot be used: {first_line(error)}") from None
                # Not the same wait in every process, or the same writers would meet again.
                time.sleep(random.uniform(0.05, 0.5))


def ending(state: str | None) -> bytes:
    return f"\n<!-- gradebook {state} -->\n".encode()


def first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
