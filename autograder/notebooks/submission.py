"""A student's notebook read as data: which cells are theirs, in which order they run, and what is odd about it.

No notebook is executed from top to bottom to be graded. What runs is every code cell whose source is not verbatim in
the release, in order, plus the release's cells tagged `setup`; metadata that a student can edit decides nothing else.
"""

from __future__ import annotations

import ast
import json
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from autograder.errors import UsageError
from autograder.settings import Settings

MAX_BYTES = 100 * 2**20  # nbgrader refuses to collect more than 100 MB
MAX_CODE = 2**20  # characters of student code in one notebook
PASSING_CELL_MAGICS = {"time", "timeit", "capture", "prun"}  # the cell below them is ordinary Python
MAGIC_LINE = re.compile(r"^\s*(?:[%!?]|[\w.\[\]'\"][\w.\[\]'\", ]*=\s*[%!]|[\w.]+\?{1,2}\s*$)")  # linear in time


class Unreadable(Exception):
    """The file is not a notebook of this assignment; the message is one line for a person."""


class Cell(NamedTuple):
    """A code cell to run. `where` is the exercise it holds, or its place ("cell 7"), as a message names it."""

    source: str
    where: str


@dataclass
class Submission:
    """The cells to run, the exercises whose cell is still the released stub, and the notes for the report."""

    cells: list[Cell]
    notes: list[str] = field(default_factory=list)
    untouched: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Release:
    """What the released notebook says, and nothing a student can change: cells, points, exercises."""

    name: str
    sources: frozenset[str]
    setup: tuple[str, ...]
    solutions: tuple[str, ...]
    points: dict[str, float]  # exercise -> points of its test cell, in the notebook's order

    @classmethod
    def of(cls, settings: Settings) -> Release:
        """The release of the assignment that is graded. Raises UsageError when it has not been made."""
        if not settings.release.exists():
            raise UsageError(f"{settings.release} is missing: make it with `autograder release`.")
        return cls.from_notebook(settings.release)

    @classmethod
    def from_notebook(cls, path: Path) -> Release:
        cells = cells_of(load(path))
        graded = [(c, c["metadata"].get("nbgrader", {})) for c in cells]
        return cls(
            name=path.stem,
            sources=frozenset(normal(c["source"]) for c in cells),
            setup=tuple(normal(c["source"]) for c in cells if "setup" in c["metadata"].get("tags", [])),
            solutions=tuple(m["grade_id"] for c, m in graded if m.get("solution") and c["cell_type"] == "code"),
            points={
                m["grade_id"].removeprefix("test_"): float(m["points"])
                for c, m in graded
                if m.get("grade") and not m.get("solution") and c["cell_type"] == "code"
            },
        )


def load(path: Path) -> dict[str, Any]:
    """The notebook's JSON as a dict. Raises Unreadable with one line that says what is wrong with the file."""
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{path.name} is not a regular file (a link, a folder or a device).")
        if status.st_size > MAX_BYTES:
            raise Unreadable(f"{path.name} is larger than {MAX_BYTES >> 20} MB: clear its outputs and save it again.")
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise Unreadable(f"{path.name} is not valid JSON, so it is not a notebook: save it again in Jupyter.") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise Unreadable(f"{path.name} is not a notebook of format 4 (it has no list of cells).")
    return notebook


def cells_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The notebook's cells with `source` as one string and `metadata` as a dict; what is not a cell is left out."""
    cells = []
    for cell in notebook["cells"]:
        if not isinstance(cell, dict):
            continue
        source = cell.get("source", "")
        if isinstance(source, list):
            source = "".join(part for part in source if isinstance(part, str))
        if isinstance(source, str):
            metadata = cell.get("metadata") if isinstance(cell.get("metadata"), dict) else {}
            nbgrader = metadata.get("nbgrader") if isinstance(metadata.get("nbgrader"), dict) else {}
            cells.append({**cell, "source": source, "metadata": {**metadata, "nbgrader": nbgrader}})
    return cells


def read(path: Path, release: Release) -> Submission:
    """Read a student's notebook against the release. Raises Unreadable."""
    cells = cells_of(load(path))
    found: dict[str, int] = {}
    submission = Submission([])
    for number, cell in enumerate(cells, 1):
        grade_id = cell["metadata"]["nbgrader"].get("grade_id")
        grade_id = grade_id if isinstance(grade_id, str) else ""
        found[grade_id] = found.get(grade_id, 0) + 1
        if grade_id in release.solutions and normal(cell["source"]) in release.sources:
            submission.untouched.add(grade_id)
        source = theirs(cell, grade_id, release, submission.notes)
        if source is not None:
            where = grade_id if grade_id in release.solutions else defines(source, release) or f"cell {number}"
            submission.cells.append(Cell(without_magics(source, where, submission.notes), where))
    if not any(found.get(name) for name in known(release)) and not any(
        c.where in release.solutions for c in submission.cells
    ):
        raise Unreadable(f"{path.name} is not a notebook of the assignment {release.name}: none of its cells is in it.")
    for name in list(submission.untouched):  # written elsewhere all the same?
        if any(re.search(rf"\bdef\s+{name}\b|\b{name}\s*=[^=]", c.source) for c in submission.cells):
            submission.untouched.remove(name)
    sources = {normal(c["source"]) for c in cells}
    missing = [Cell(s, "setup") for s in release.setup if s not in sources]
    submission.cells[:0] = missing
    if missing:
        submission.notes.append("A setup cell of the released notebook was missing; it was run all the same.")
    for name in known(release):
        if found.get(name, 0) != 1:
            submission.notes.append(f"The cell {name} is {'there more than once' if found.get(name) else 'missing'}.")
    if sum(len(c.source) for c in submission.cells) > MAX_CODE:
        raise Unreadable(f"{path.name} holds more than {MAX_CODE >> 20} MB of code.")
    return submission


def known(release: Release) -> list[str]:
    return [*release.solutions, *(f"test_{name}" for name in release.points)]


def theirs(cell: dict[str, Any], grade_id: str, release: Release, notes: list[str]) -> str | None:
    """The cell's source when it is to run, else None."""
    source, kind = cell["source"], cell.get("cell_type")
    if normal(source) in release.sources:
        return source if kind == "code" and normal(source) in release.setup else None
    if grade_id in release.solutions and kind != "code":
        notes.append(f"The cell {grade_id} was turned into another kind of cell; it was read as code.")
        return source
    if kind != "code":
        return None
    if grade_id.startswith("test_") and grade_id in known(release):
        notes.append(f"The test cell {grade_id} was edited; the released one counts.")
        return source if defines(source, release) else None
    return source


def normal(source: str) -> str:
    """A source without what editors change by themselves: line ends and trailing blanks."""
    return "\n".join(line.rstrip() for line in source.replace("\r\n", "\n").split("\n")).strip()


def defines(source: str, release: Release) -> str | None:
    """The first exercise whose function this source defines at its top level."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    names = [n.name for n in body if isinstance(n, ast.FunctionDef)]
    return next((name for name in names if name in release.solutions), None)


def without_magics(source: str, where: str, notes: list[str]) -> str:
    """The source with IPython's magic, shell and help lines blanked out, line numbers kept."""
    try:
        ast.parse(source)
        return source
    except (ValueError, RecursionError, MemoryError):
        return source
    except SyntaxError:
        pass
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        name = lines[first][2:].split()[0] if lines[first][2:].split() else ""
        notes.append(f"%%{name} in {where} was dropped: grading runs plain Python.")
        if name not in PASSING_CELL_MAGICS:
            return ""
        lines[first] = ""
    for i, line in enumerate(lines):
        if MAGIC_LINE.match(line):
            notes.append(f"Line {i + 1} of {where} was dropped: grading runs plain Python, no magic or shell lines.")
            lines[i] = line[: len(line) - len(line.lstrip())] + "pass"
    return "\n".join(lines)
