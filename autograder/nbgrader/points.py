"""An assignment's points stand in its notebook's metadata; what is released tells them in two more places."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade

from autograder.notebooks import submission

ROW = re.compile(r"^(\|.*`(\w+)`.*\|\s*)[\d.]+(\s*\|\s*)$", re.MULTILINE)  # a table's, with a name and, last, a number


class TellPoints(NbGraderPreprocessor):
    """Puts the points into the released notebook's table, and into the released file that `check` reads."""

    def preprocess(self, nb: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        it, folder = resources["nbgrader"], Path(resources["metadata"]["path"])
        if (folder / "gptkit").is_dir():  # else it is another course's assignment
            if it["notebook"] != it["assignment"]:
                for line in beside({it["notebook"]: sum(graded(nb).values())}, it["assignment"]):
                    self.log.warning(line)
            else:
                for name in write_table(nb):
                    self.log.warning("No table in %s.ipynb tells students the points of `%s`.", it["notebook"], name)
                told = points_json(folder / f"{it['notebook']}.ipynb")
                resources["outputs"] = {"gptkit/checks/data/points.json": told.encode()}
        return nb, resources


def points_json(source: Path) -> str:
    """The text of the file that `check` reads: an instructor's notebook's points by exercise."""
    return json.dumps(submission.Release.from_notebook(source).points, indent=1) + "\n"


def graded(nb: NotebookNode) -> dict[str, float]:
    """The points of all graded cells, by the name of what is graded."""
    cells = [cell.metadata.nbgrader for cell in nb.cells if is_grade(cell)]
    return {cell.grade_id.removeprefix("test_"): float(cell.points) for cell in cells}


def write_table(nb: NotebookNode) -> list[str]:
    """Write the points into the first cell with a table of them, and return the names that have no row in it."""
    points, told = graded(nb), set()

    def with_points(row: re.Match) -> str:
        name = row[2]
        if name not in points:
            return row[0]
        told.add(name)
        return f"{row[1]}{points[name]:g}{row[3]}"

    for cell in nb.cells:
        if cell.cell_type == "markdown" and not told:
            cell.source = ROW.sub(with_points, cell.source)
    return [name for name in points if name not in told]


def beside(points: dict[str, float], assignment: str) -> list[str]:
    """A sentence for each further notebook of an assignment whose points nobody can earn."""
    return [
        f"Nobody can earn the {n:g} points of {name}.ipynb: only {assignment}.ipynb is graded."
        for name, n in points.items()
        if n and name != assignment
    ]


def beside_in(gradebook: Gradebook, assignment: str) -> list[str]:
    """The same of what a gradebook says about an assignment."""
    found = (n for a in gradebook.assignments if a.name == assignment for n in a.notebooks)
    return beside({notebook.name: notebook.max_score for notebook in found}, assignment)


def outdated(gradebook: Gradebook, assignment: str, points: dict[str, float]) -> str:
    """A sentence when a gradebook lacks the assignment, or was made with other points than those that are graded by."""
    first = f"First: nbgrader generate_assignment {assignment} --force"
    try:
        known = {cell.name: cell.max_score for cell in gradebook.find_notebook(assignment, assignment).grade_cells}
    except MissingEntry:
        return f"{assignment} is not in the gradebook. {first}"
    other = [name for name, n in points.items() if known.get(f"test_{name}") != n]
    return f"The gradebook has other points than the release, for {', '.join(other)}. {first}" if other else ""
