"""What `nbgrader autograde` does here in place of executing a notebook: reads it as data, and examines it.

It converts each submission twice. First `SubmissionExporter` makes the notebook in autograded/ anew, from the released
one and what the student wrote; then `Examine` writes each test cell's outputs, from which nbgrader takes its scores.
"""

from __future__ import annotations

import json
import re
import weakref
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked, is_solution
from traitlets import Enum, Instance, default

from autograder import reports
from autograder.errors import AutograderError, NotGraded, UsageError
from autograder.files import save
from autograder.grading import Grader
from autograder.grading.verdicts import digest
from autograder.nbgrader.course_files import (
    HandedIn,
    SubmittedFiles,
    companions,
    folder_of,
    grade,
    handed_in,
    made_from,
)
from autograder.nbgrader.points import beside_in, outdated
from autograder.notebooks import sanitize, submission
from autograder.notebooks.opening import Unreadable, open_notebook
from autograder.notebooks.submission import Release
from autograder.notebooks.written_answer import UNSURE, Written, written
from autograder.record import ExerciseResult, Record
from autograder.reports.pages import as_html
from autograder.settings import Settings

# Parts of nbgrader's configuration that say where things are and how a command was started, and decide no mark.
DECIDES_NOTHING = re.compile(
    r"\w*App|Application|BaseConverter|CourseDirectory|NbGrader|Exchange\w*|SubmissionExporter"
)
UNFINISHED = "unfinished"  # stands in a notebook of ours in place of what it was made from, until it is graded


class SubmissionExporter(NotebookExporter):
    """Reads submissions for `nbgrader autograde`: any file of a student's gives a whole, harmless notebook."""

    parent: Any  # nbgrader's converter
    isolation = Enum(
        ["auto", "bubblewrap", "process"], "auto", help="How student code is locked in, as in `autograder grade`."
    ).tag(config=True)
    settings = Instance(Settings, help="What the environment says, unless the course says otherwise.").tag(config=True)

    @default("settings")
    def _settings(self) -> Settings:
        return Settings.from_environment()

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        try:
            asked, ours = self.parent.coursedir.assignment_id, self.settings.assignment
            if asked != ours:
                raise UsageError(f"This grades {ours}. For another assignment set AUTOGRADER_ASSIGNMENT={asked}.")
            self.grader = Grader(self.settings, self.isolation)
        except AutograderError as error:
            self.parent.log.error(str(error))
            raise NbGraderException(str(error)) from error
        # nbgrader never closes an exporter, and the sandbox's processes would outlive it.
        weakref.finalize(self, self.grader.close)
        # What decides a mark besides the submission: a changed late penalty is a reason to record it again.
        deciding = {name: part for name, part in self.config.items() if not DECIDES_NOTHING.fullmatch(name)}
        self.context = digest(self.grader.context, json.dumps(deciding, sort_keys=True, default=without_address))
        self.records: dict[str, Record] = {}  # of the student whose submission is being converted
        self.parent.coursedir = SubmittedFiles.of(self.parent.coursedir)
        self.parent.assignments = self.parent.coursedir.submissions(self.grader.release.name)
        take_over(self)

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        """Convert a file of submitted/ (whatever it is) or of autograded/ (ours)."""
        handed = self.submitted(resources["nbgrader"]["student"])
        if Path(filename).parent != handed.folder:
            return super().from_filename(filename, resources, **kwargs)
        made = self.made_anew(handed, nbformat.read(self.settings.release, as_version=4))
        made.metadata["autograder"] = UNFINISHED
        return self.from_notebook_node(made, resources, **kwargs)

    def submitted(self, student: str) -> HandedIn:
        """What a student handed in. Raises CannotGrade when it cannot be read."""
        return handed_in(folder_of(self.parent.coursedir, "submitted", student), self.grader.release)

    def made_anew(self, handed: HandedIn, released: NotebookNode) -> NotebookNode:
        """The whole, harmless notebook; the released one for what is no notebook (the record's notes say so)."""
        try:
            cells = handed.opened.cells
        except Unreadable:
            cells = open_notebook(self.settings.release).cells
        return made_anew(released, self.grader.release, cells)


def without_address(value: Any) -> str:
    """A function or an object of a configuration by its name, which is the same in every process."""
    return getattr(value, "__qualname__", type(value).__qualname__)


def take_over(exporter: SubmissionExporter) -> None:
    """Have nbgrader's converter ask us what is to be graded, and grade it before it touches gradebook and folders.

    It has no hook for that: it decides by timestamp.txt alone, deletes the folder that it is to write to, and enters a
    student into the gradebook before it converts. So two methods of this one converter (a BaseConverter) are replaced.
    """
    converter, ungraded, convert = exporter.parent, [], exporter.parent.convert_notebooks

    def init_destination(assignment: str, student: str) -> bool:
        course, handed = converter.coursedir, exporter.submitted(student)
        to = folder_of(course, "autograded", student)
        made = to / f"{assignment}.ipynb"
        # nbgrader's own method, which this replaces, would have looked.
        if student in course.student_id_exclude.split(","):
            return False
        found = stamp(made)
        if found == made_from(exporter.context, handed) and not converter.force:
            return False
        if found == "" and not converter.force:  # nbgrader's own, or a person's: it stays, unless nbgrader replaced it
            before, now = course.get_existing_timestamp(str(to)), course.get_existing_timestamp(str(handed.folder))
            if not (before and now and now > before):
                converter.log.warning("Not made by this grader, so it stays (--force replaces it): %s", made)
                return False
        record = grade(exporter.grader, handed, student)
        if record.error is not None:
            converter.log.error("Not graded, no mark is recorded: %s: %s", student, record.error)
            ungraded.append(student)
            return False
        made.unlink(missing_ok=True)  # nobody may write to it; nothing else in its folder is touched
        exporter.records = {student: record}
        return True

    def convert_notebooks() -> None:
        release = exporter.grader.release
        with Gradebook(converter.coursedir.db_url, converter.coursedir.course_id) as gradebook:
            if wrong := outdated(gradebook, release.name, release.points):
                converter.log.error(wrong)
                raise NbGraderException(wrong)
            for line in beside_in(gradebook, release.name):
                converter.log.warning(line)
        convert()
        if ungraded:
            raise NbGraderException(f"Not graded, grade again: {', '.join(ungraded)}")

    converter.coursedir.notebook_id = exporter.grader.release.name  # after a failure only this one is deleted
    converter.init_destination, converter.convert_notebooks = init_destination, convert_notebooks


class Examine(NbGraderPreprocessor):
    """Writes the record into the test cells, as messages and one plain number each."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        exporter, student = self.parent, resources["nbgrader"]["student"]
        handed = resources.get("handed") or exporter.submitted(student)
        made = made_from(exporter.context, handed)  # before it is graded: it may be handed in again meanwhile
        record = resources.get("record") or exporter.records.get(student) or grade(exporter.grader, handed, student)
        if record.error is not None:
            raise NotGraded(record.error)
        exercises = {f"test_{e.name}": e for e in record.exercises}
        nb.metadata["autograder"] = made
        nb.metadata["earned"] = {  # for a later dry run to compare
            cell: {check.name: check.earned for check in e.checks} for cell, e in exercises.items()
        }
        for cell in nb.cells:
            if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
                cell.outputs = verdict(exercises.get(cell.metadata.nbgrader.grade_id))
        if record.notes:
            notes = sanitize.markdown("\n".join(f"- {reports.clean(note)}" for note in record.notes))
            nb.cells.insert(0, sanitize.markdown_cell(f"**About this notebook**\n\n{notes}"))
            nb.cells[0].id = "notes"
        for name, said in companions(handed.folder).items():
            save(folder_of(exporter.parent.coursedir, "autograded", student) / name, said)
        return nb, resources


def verdict(exercise: ExerciseResult | None) -> list[NotebookNode]:
    """A test cell's outputs. nbgrader gives full marks to a cell without a number, so there is always one."""
    if exercise is None:
        return [scored(0.0)]
    shown = {"text/html": as_html(exercise), "text/plain": reports.as_lines(exercise)}
    why = {"why": reports.first_failure(exercise)}  # a line for the overview of the feedback page
    card = nbformat.from_dict({"output_type": "display_data", "data": shown, "metadata": why})
    return [card, scored(float(min(exercise.score, exercise.max_score)))]


def scored(score: float) -> NotebookNode:
    """The output that nbgrader takes for a score."""
    data = {"text/plain": repr(score)}
    return nbformat.from_dict({"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": None})


def stamp(path: Path) -> str | None:
    """What an autograded notebook says that it was made from: "" when it is not ours, None when it is none, or half."""
    found = metadata(path)
    return None if found is None else found.get("autograder", "")


def metadata(path: Path) -> dict[str, Any] | None:
    """An autograded notebook's own metadata; None when it is no notebook, or half of one."""
    try:
        found = json.loads(path.read_text("utf-8"))["metadata"]
        return found if isinstance(found, dict) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def made_anew(released: NotebookNode, release: Release, theirs: list[dict[str, Any]]) -> NotebookNode:
    """The student's cells in their order; nbgrader's own are the released ones, each once, with the student's answers.

    Of cells with the same grade_id the last that differs from the release is the answer; what was deleted comes back.
    """
    ours = {c.metadata.nbgrader.grade_id: c for c in released.cells if c.metadata.get("nbgrader")}
    prose = {submission.normal(c.source) for c in released.cells if c.cell_type == "markdown"}
    inwords = written(theirs, release)
    graded = {place: name for name, place in answers(ours, theirs).items() if name not in inwords}
    graded |= {found.places[0]: name for name, found in inwords.items()}
    joined = {place for found in inwords.values() for place in found.places[1:]}
    cells: list[tuple[str, NotebookNode]] = []
    for place, raw in enumerate(theirs):
        if (name := graded.get(place)) in inwords:
            cells.append((name, nbformat.from_dict({**ours[name], "source": answer_in_words(theirs, inwords[name])})))
        elif name:
            cells.append((name, answered(ours[name], raw)))
        elif place in joined:
            continue
        elif raw.get("cell_type") == "markdown" and submission.normal(raw["source"]) in prose:
            cells.append(("", sanitize.markdown_cell(raw["source"])))
        else:
            cells.append(("", sanitize.cell(raw)))
    before = 0
    for name, cell in ours.items():
        # A deleted cell comes back behind the one that it follows in the release.
        if name not in graded.values():
            cells.insert(before, (name, cell))
        before = [n for n, _ in cells].index(name) + 1
    for number, (_, cell) in enumerate(cells):
        # nbformat draws an id by chance: the same notebook would differ each time it is made.
        cell.id = f"cell-{number}"
    made = NotebookNode(nbformat=4, nbformat_minor=5)  # from 4.5 on, cells have ids
    made |= {"metadata": nbformat.from_dict(released.metadata), "cells": [cell for _, cell in cells]}
    language = made.metadata.setdefault("language_info", NotebookNode())
    language["pygments_lexer"] = "ipython3"  # the one that obeys `sanitize.plain_if_slow`
    return made


def answers(ours: dict[str, NotebookNode], theirs: list[dict[str, Any]]) -> dict[str, int]:
    """For each of nbgrader's cells, the place of the student's cell that stands for it."""
    places: dict[str, int] = {}
    for place, raw in enumerate(theirs):
        name = raw["metadata"]["nbgrader"].get("grade_id")
        if isinstance(name, str) and name in ours:
            changed = submission.normal(raw["source"]) != submission.normal(ours[name].source)
            if changed or name not in places:
                places[name] = place
    return places


def answered(ours: NotebookNode, raw: dict[str, Any]) -> NotebookNode:
    """nbgrader's cell with what the student wrote in it, where they may write, and what their run left."""
    cell = nbformat.from_dict(ours)
    if (
        not is_locked(ours)
        and cell.cell_type == "code"
        and submission.normal(raw["source"]) != submission.normal(ours.source)
    ):
        cell.source = sanitize.text(raw["source"], sanitize.MAX_CODE)
    if cell.cell_type == "code":
        sanitize.plain_if_slow(cell).outputs = sanitize.outputs(raw.get("outputs"))
    return cell


def answer_in_words(theirs: list[dict[str, Any]], found: Written) -> str:
    """The text of the cells that are a written answer, with a line for the person who grades it when that is unsure."""
    said = [
        sanitize.markdown(theirs[i]["source"]) if theirs[i].get("cell_type") == "code" else sanitize.prose(theirs[i])
        for i in found.places
    ]
    return "\n\n".join([*said, *([] if found.sure else [UNSURE])])
