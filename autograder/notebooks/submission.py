"""A student's notebook read as data: which cells are theirs, in which order they run, and what is odd about it.

No notebook is executed from top to bottom to be graded. What runs is every code cell whose source is not verbatim in
the release, in order, plus the release's cells tagged `setup`; metadata that a student can edit decides nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from autograder.errors import UsageError
from autograder.notebooks.magics import Magics
from autograder.notebooks.opening import Notebook, Unreadable, open_notebook
from autograder.settings import Settings
from autograder.source_code import defined, lines, tree

MAX_CODE = 2**20  # characters of student code in one notebook
MAX_NOTES, MAX_NOTE = 50, 200  # notes about one notebook, and characters of one


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
    written: dict[str, str]  # grade_id of a written answer -> the released cell before it, which asks

    @classmethod
    def of(cls, settings: Settings) -> Release:
        """The release of the assignment that is graded. Raises UsageError when it has not been made."""
        if not settings.release.exists():
            raise UsageError(f"{settings.release} is missing: make it with `autograder release`.")
        return cls.from_notebook(settings.release)

    @classmethod
    def from_notebook(cls, path: Path) -> Release:
        cells = open_notebook(path).cells
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
            written={
                m["grade_id"]: normal(before["source"])
                for before, (c, m) in zip(cells, graded[1:], strict=False)
                if m.get("solution") and c["cell_type"] == "markdown"
            },
        )


def read(notebook: Notebook, release: Release) -> Submission:
    """Read a student's notebook against the release. Raises Unreadable."""
    submission, notes, magics = Submission([]), [*notebook.notes], Magics()
    found: dict[str, int] = {}
    mine = []  # (where, source) of what is to run
    for number, cell in enumerate(notebook.cells, 1):
        grade_id = grade_id_of(cell)
        # Counted by what a student's metadata says, which decides nothing here but a note.
        found[grade_id] = found.get(grade_id, 0) + 1
        # The stub as released: there is nothing to run, and the checks say "not written yet".
        if grade_id in release.solutions and normal(cell["source"]) in release.sources:
            submission.untouched.add(grade_id)
        source = theirs(cell, grade_id, release, notes)
        if source is not None:
            mine.append((grade_id if grade_id in known(release) else f"cell {number}", source))
    # Before any of it is parsed.
    if sum(len(source) for _, source in mine) > MAX_CODE:
        raise Unreadable(f"{notebook.name} holds more than {MAX_CODE >> 20} MB of code.")
    for where, source in mine:
        source = magics.taken_out(source, where)
        names = [name for name in defined(source) if name in release.solutions]
        if where in known(release) and where not in release.solutions:
            notes.append(f"The test cell {where} was edited; the released one counts.")
            if not names:
                continue
        if where not in release.solutions and (parsed := tree(source)) and not parsed.body:
            continue  # nothing to run, which costs seconds when there are a thousand of them
        # A function that is written in any cell is no stub any more, whatever its own cell holds.
        submission.untouched.difference_update(names)  # written elsewhere all the same
        submission.cells.append(Cell(source, where if where in release.solutions else names[0] if names else where))
    if not belongs(notebook, release) and not any(c.where in release.solutions for c in submission.cells):
        raise Unreadable(
            f"{notebook.name} is not a notebook of the assignment {release.name}: none of its cells is in it."
        )
    sources = {normal(cell["source"]) for cell in notebook.cells}
    missing = [setup for setup in release.setup if setup not in sources]
    # They run first, as in the release; with their lines inside another cell nothing is to be told.
    submission.cells[:0] = [Cell(setup, "setup") for setup in missing]
    if not all(any(set(lines(setup)) <= set(lines(source)) for _, source in mine) for setup in missing):
        notes.append("A setup cell of the released notebook was missing; it was run all the same.")
    for name in known(release):
        if found.get(name) != 1:
            notes.append(f"The cell {name} is {'there more than once' if found.get(name) else 'missing'}.")
    submission.notes = shortened(notes + magics.notes)
    return submission


def shortened(notes: Iterable[str]) -> list[str]:
    """Notes about one notebook, each once and cut, and no more than a person reads."""
    cut = [note if len(note) <= MAX_NOTE else f"{note[: MAX_NOTE - 4]} ..." for note in dict.fromkeys(notes)]
    return cut if len(cut) <= MAX_NOTES else [*cut[: MAX_NOTES - 1], f"... and {len(cut) - MAX_NOTES + 1} more notes."]


def grade_id_of(cell: dict[str, Any]) -> str:
    grade_id = cell["metadata"]["nbgrader"].get("grade_id")
    return grade_id if isinstance(grade_id, str) else ""


def belongs(notebook: Notebook, release: Release) -> bool:
    """Whether a cell of the assignment is in it, by its grade_id or word for word."""
    names = {*known(release), *release.written}
    own = release.sources - {""}
    return any(grade_id_of(cell) in names or normal(cell["source"]) in own for cell in notebook.cells)


def worked_on(notebook: Notebook, release: Release) -> bool:
    """Whether anything in it is not in the release."""
    released = release.sources | {""}
    return any(normal(cell["source"]) not in released for cell in notebook.cells)


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
    return source if kind == "code" else None


def normal(source: str) -> str:
    """A source without what editors change by themselves: line ends and trailing blanks."""
    return "\n".join(line.rstrip() for line in source.replace("\r\n", "\n").split("\n")).strip()
