"""nbgrader's way in: its commands, with our reading, our verdicts and our scores.

`nbgrader autograde` converts each submission twice. First `SubmissionExporter` makes the notebook in autograded/ anew,
from the released one and what the student wrote; then `Examine` grades the file in submitted/ and writes each test
cell's outputs, from which nbgrader's own SaveAutoGrades takes the score. No notebook is executed.
"""

from __future__ import annotations

import glob
import json
import os
import re
import secrets
import shutil
import stat
import weakref
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import ExchangeCollect
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked, is_solution, parse_utc
from traitlets import Enum

from autograder.errors import UsageError
from autograder.files import save
from autograder.grading.grader import ASSIGNMENT, RELEASE, Grader
from autograder.grading.verdicts import digest
from autograder.notebooks import sanitize as harmless
from autograder.notebooks import submission
from autograder.notebooks.opening import MAX_BYTES, Unreadable, open_notebook
from autograder.notebooks.submission import Release
from autograder.notebooks.written_answer import UNSURE, Written, written
from autograder.reports import report

STAMP, SECRET = "timestamp.txt", "submission_secret.txt"


class SubmissionExporter(NotebookExporter):
    """Reads submissions for `nbgrader autograde`: any file of a student's gives a whole, harmless notebook."""

    isolation = Enum(
        ["auto", "bubblewrap", "process"], "auto", help="How student code is locked in, as in `autograder grade`."
    ).tag(config=True)

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        try:
            if (asked := self.parent.coursedir.assignment_id) != ASSIGNMENT:
                raise UsageError(f"This grades {ASSIGNMENT}. For another assignment set AUTOGRADER_ASSIGNMENT={asked}.")
            self.grader = Grader(self.isolation)
        except UsageError as error:
            self.parent.log.error(str(error))
            raise NbGraderException(str(error)) from None
        weakref.finalize(self, self.grader.sandbox.close)
        self.parent.coursedir = SubmittedFiles.of(self.parent.coursedir)
        self.parent.assignments = self.parent.coursedir.submissions(self.grader.release.name)
        for folder in self.parent.assignments:
            self.parent.coursedir.forget_half(folder, self.grader.release.name)

    def from_filename(self, filename: str, resources: Any = None, **kwargs: Any) -> tuple[str, Any]:
        """Convert a file of submitted/ (whatever it is) or of autograded/ (ours)."""
        if Path(filename) != submitted_file(self, resources):
            return super().from_filename(filename, resources, **kwargs)
        released = nbformat.read(RELEASE, as_version=4)
        try:
            cells = open_notebook(Path(filename)).cells
        except Unreadable:
            cells = open_notebook(RELEASE).cells  # the reason stands in the record's notes
        return self.from_notebook_node(made_anew(released, self.grader.release, cells), resources, **kwargs)


def submitted_file(exporter: SubmissionExporter, resources: Any) -> Path:
    """The file in submitted/ of the notebook that is being converted."""
    it, course = resources["nbgrader"], exporter.parent.coursedir
    folder = course.format_path(course.submitted_directory, it["student"], it["assignment"])
    return Path(folder) / f"{it['notebook']}.ipynb"


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
            cells.append(("", new_markdown_cell(raw["source"])))
        else:
            cells.append(("", harmless.cell(raw)))
    before = 0
    for name, cell in ours.items():
        if name not in graded.values():
            cells.insert(before, (name, cell))
        before = [n for n, _ in cells].index(name) + 1
    for number, (_, cell) in enumerate(cells):
        cell.id = f"cell-{number}"
    return nbformat.v4.new_notebook(cells=[cell for _, cell in cells], metadata=released.metadata)


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
        cell.source = harmless.text(raw["source"])
    if cell.cell_type == "code":
        cell.outputs = harmless.outputs(raw.get("outputs"))
    return cell


def answer_in_words(theirs: list[dict[str, Any]], found: Written) -> str:
    """The text of the cells that are a written answer, with a line for the person who grades it when that is unsure."""
    said = [
        harmless.markdown(theirs[i]["source"]) if theirs[i].get("cell_type") == "code" else harmless.prose(theirs[i])
        for i in found.places
    ]
    return "\n\n".join([*said, *([] if found.sure else [UNSURE])])


class Examine(NbGraderPreprocessor):
    """Grades the submitted file and writes the verdict into the test cells, as messages and one plain number each."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        path = submitted_file(self.parent, resources)
        it, grader = resources["nbgrader"], self.parent.grader
        nb.metadata["autograder"] = made_from(grader, path)  # before it is read: it may be handed in again meanwhile
        record = resources.get("record") or grader.grade(path, f"{it['student']}/{it['assignment']}/{path.name}")
        exercises = {f"test_{e['name']}": e for e in record["exercises"]}
        for cell in nb.cells:
            if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
                cell.outputs = verdict(exercises.get(cell.metadata.nbgrader.grade_id))
        if record["notes"]:
            notes = harmless.markdown("\n".join(f"- {report.clean(note)}" for note in record["notes"]))
            nb.cells.insert(0, new_markdown_cell(f"**About this notebook**\n\n{notes}", id="notes"))
        course = self.parent.parent.coursedir
        folder = Path(course.format_path(course.autograded_directory, it["student"], it["assignment"]))
        for name, said in companions(path.parent).items():
            save(folder / name, said)
        return nb, resources


def made_from(grader: Grader, path: Path) -> str:
    """Names all that an autograded notebook is made from. It stands in that notebook, so a half-made one has none."""
    try:
        status = path.lstat()
        read = stat.S_ISREG(status.st_mode) and status.st_size <= MAX_BYTES
        content = path.read_bytes() if read else (status.st_mode, status.st_size, status.st_mtime_ns)
    except OSError as error:
        content = error.errno
    return digest(grader.context, content, sorted(companions(path.parent).items()))


def verdict(exercise: dict[str, Any] | None) -> list[NotebookNode]:
    """A test cell's outputs. nbgrader gives full marks to a cell without a number, so there is always one."""
    if exercise is None:
        return [new_output("execute_result", {"text/plain": "0.0"})]
    shown = {"text/html": report.as_html(exercise), "text/plain": report.as_lines(exercise)}
    score = {"text/plain": repr(float(min(exercise["score"], exercise["max_score"])))}
    return [new_output("display_data", shown), new_output("execute_result", score)]


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

    def forget_half(self, folder: str, assignment: str) -> None:
        """Remove what a run that was killed left of a submission's autograded folder, so that it is done again."""
        student = Path(folder).parent.name
        target = Path(self.format_path(self.autograded_directory, student, assignment))
        try:
            whole = "autograder" in json.loads((target / f"{assignment}.ipynb").read_text("utf-8"))["metadata"]
        except (OSError, ValueError, KeyError, TypeError):
            whole = False
        if not whole and target.exists():
            self.log.warning("Not finished by an earlier run, done again: %s", target)
            shutil.rmtree(target)

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
