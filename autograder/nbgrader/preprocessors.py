"""What `nbgrader autograde` does with a submission in place of executing it: the record becomes scores and messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution

from autograder import reports
from autograder.errors import NotGraded
from autograder.files import save
from autograder.nbgrader.course_files import companions, grade, handed_in, made_from
from autograder.notebooks import sanitize
from autograder.record import ExerciseResult
from autograder.reports.pages import as_html


class Examine(NbGraderPreprocessor):
    """Writes the record into the test cells, as messages and one plain number each."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        it, exporter = resources["nbgrader"], self.parent
        course = exporter.parent.coursedir
        handed = handed_in(
            Path(course.format_path(course.submitted_directory, it["student"], it["assignment"])),
            exporter.grader.release,
        )
        made = made_from(exporter.context, handed)  # before it is graded: it may be handed in again meanwhile
        record = resources.get("record") or exporter.records.get(it["student"])
        record = record or grade(exporter.grader, handed, it["student"])
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
            nb.cells.insert(0, new_markdown_cell(f"**About this notebook**\n\n{notes}", id="notes"))
        folder = Path(course.format_path(course.autograded_directory, it["student"], it["assignment"]))
        for name, said in companions(handed.folder).items():
            save(folder / name, said)
        return nb, resources


def verdict(exercise: ExerciseResult | None) -> list[NotebookNode]:
    """A test cell's outputs. nbgrader gives full marks to a cell without a number, so there is always one."""
    if exercise is None:
        return [new_output("execute_result", {"text/plain": "0.0"})]
    shown = {"text/html": as_html(exercise), "text/plain": reports.as_lines(exercise)}
    score = {"text/plain": repr(float(min(exercise.score, exercise.max_score)))}
    why = {"why": reports.first_failure(exercise)}  # a line for the overview of the feedback page
    return [new_output("display_data", shown, metadata=why), new_output("execute_result", score)]
