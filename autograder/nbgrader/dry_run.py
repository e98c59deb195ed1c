"""Who would get another mark than now: the gradebook read, the class examined, both compared, and nothing written."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import Assignment, BaseCell, Grade, SubmittedAssignment, SubmittedNotebook
from sqlalchemy import Engine, create_engine, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import CannotGrade, UsageError
from autograder.nbgrader.recorder import first_line
from autograder.record import ExerciseResult, Record

SAME = 1e-6  # points


class Mark(NamedTuple):
    """What a gradebook says of one graded cell; `by_hand` counts where there is one."""

    automatic: float | None
    by_hand: float | None
    extra: float

    def worth(self) -> float:
        """The points."""
        return (self.automatic or 0.0 if self.by_hand is None else self.by_hand) + self.extra


NO_MARK = Mark(None, None, 0.0)


class Change(NamedTuple):
    """A student's mark now and as it would be, and why, exercise by exercise; `kept`: where a mark by hand stays."""

    now: float
    then: float
    why: list[str]
    kept: list[str]


def gradebook_of(url: str) -> Engine:
    """The gradebook's database, SQLite's opened for reading only. Raises UsageError when there is none."""
    if not url.startswith("sqlite"):
        return create_engine(url)
    path = Path(make_url(url).database or "")
    if not path.is_file():
        raise UsageError(f"{path}: there is no gradebook yet, so no mark could change.")
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True))


def marks(url: str, assignment: str) -> dict[str, dict[str, Mark]]:
    """By student and graded cell, what the gradebook says. Raises UsageError, and CannotGrade if it cannot be read."""
    columns = select(
        SubmittedAssignment.student_id, BaseCell.name, Grade.auto_score, Grade.manual_score, Grade.extra_credit
    )
    whole = columns.join(Assignment).join(SubmittedAssignment.notebooks)
    query = whole.join(SubmittedNotebook.grades).join(Grade.cell).where(Assignment.name == assignment)
    found: dict[str, dict[str, Mark]] = defaultdict(dict)
    engine = gradebook_of(url)
    try:
        with engine.connect() as connection:
            for student, cell, automatic, by_hand, extra in connection.execute(query):
                found[student][cell] = Mark(automatic, by_hand, extra or 0.0)
    except SQLAlchemyError as error:
        raise CannotGrade(f"The gradebook cannot be read: {first_line(error)}") from None
    finally:
        engine.dispose()
    return dict(found)


def marked(now: dict[str, Mark]) -> bool:
    """Whether the grader has given any mark."""
    return any(mark.automatic is not None for cell, mark in now.items() if cell.startswith("test_"))


def change(now: dict[str, Mark], record: Record, autograded: Path) -> Change:
    """What a record would change in a student's marks."""
    total = sum(mark.worth() for mark in now.values())
    found, earned = Change(total, total, [], []), earned_before(autograded)
    for exercise in record.exercises:
        cell = f"test_{exercise.name}"
        mark, score = now.get(cell, NO_MARK), min(exercise.score, exercise.max_score)
        if abs(score - (mark.automatic or 0)) <= SAME:
            continue
        if mark.by_hand is not None:
            found.kept.append(exercise.name)
        else:
            found.why.append(why(exercise, mark.automatic or 0, earned.get(cell)))
            found = found._replace(then=found.then + score - (mark.automatic or 0))
    return found


def why(exercise: ExerciseResult, score: float, earned: dict[str, float] | None) -> str:
    """One exercise's old and new score, and the checks that make the difference; of old marks, those that now fail."""
    if earned and abs(sum(earned.values()) - score) < 1e-3:
        now = {check.name: check.earned for check in exercise.checks}
        names = [name for name in {**earned, **now} if abs(earned.get(name, 0) - now.get(name, 0)) > SAME]
        checks = [f"{name} {earned.get(name, 0):.4g} -> {now.get(name, 0):.4g}" for name in names]
    else:
        checks = [f"{check.name} fails" for check in exercise.checks if not check.passed] or ["all checks pass"]
    return f"{exercise.name} {score:.4g} -> {exercise.score:.4g} ({', '.join(checks)})"


def earned_before(autograded: Path) -> dict[str, dict[str, float]]:
    """By graded cell, what each check earned when the notebook in autograded/ was made; empty where it does not say."""
    try:
        cells = json.loads(autograded.read_text("utf-8"))["cells"]
        found = [(c["metadata"]["nbgrader"]["grade_id"], o["metadata"]["earned"]) for c, o in outputs(cells)]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return dict(found)


def outputs(cells: list[dict]) -> Iterator[tuple[dict, dict]]:
    """Each cell's output that tells what was earned."""
    for cell in cells:
        for output in cell.get("outputs", []):
            if "earned" in output.get("metadata", {}):
                yield cell, output
