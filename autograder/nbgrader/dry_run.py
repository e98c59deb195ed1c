"""Who would get another mark than now: the gradebook read, the class examined, both compared, and nothing written."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from nbgrader.api import BaseCell, Grade
from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from autograder.errors import CannotGrade, UsageError
from autograder.nbgrader.exporter import metadata
from autograder.nbgrader.gradebook import GRADES, submitted
from autograder.nbgrader.recorder import first_line
from autograder.record import ExerciseResult, Record

SAME, ROUNDED = 1e-6, 1e-3  # points: of one number, of a sum of rounded ones


class Mark(NamedTuple):
    """What a gradebook says of one graded cell; `by_hand` counts where there is one."""

    automatic: float | None = None
    by_hand: float | None = None
    extra: float | None = None

    @property
    def points(self) -> float:
        return ((self.automatic if self.by_hand is None else self.by_hand) or 0.0) + (self.extra or 0.0)


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
    # mode=ro: otherwise SQLite may write, if only to undo what a process that was killed had begun.
    return create_engine("sqlite://", creator=lambda: sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True))


def marks(url: str, assignment: str) -> dict[str, dict[str, Mark]]:
    """By student and graded cell, what the gradebook says. Raises UsageError, and CannotGrade if it cannot be read."""
    query = submitted(assignment, None, GRADES, BaseCell.name, Grade.auto_score, Grade.manual_score, Grade.extra_credit)
    found: dict[str, dict[str, Mark]] = defaultdict(dict)
    engine = gradebook_of(url)
    try:
        with engine.connect() as connection:
            for student, cell, *mark in connection.execute(query):
                found[student][cell] = Mark(*mark)
    except SQLAlchemyError as error:
        raise CannotGrade(f"The gradebook cannot be read: {first_line(error)}") from None
    finally:
        engine.dispose()
    return dict(found)


def change(now: dict[str, Mark], record: Record, autograded: Path) -> Change:
    """What a record would change in a student's marks."""
    total = sum(mark.points for mark in now.values())
    found = Change(total, total, [], [])
    earned = (metadata(autograded) or {}).get("earned", {})  # by graded cell, by check, when that notebook was made
    for exercise in record.exercises:
        cell = f"test_{exercise.name}"
        mark, score = now.get(cell, Mark()), min(exercise.score, exercise.max_score)
        before = mark.automatic or 0.0
        if abs(score - before) > SAME and mark.by_hand is not None:
            found.kept.append(exercise.name)
        elif abs(score - before) > SAME:
            found.why.append(why(exercise, before, earned.get(cell, {})))
            found = found._replace(then=found.then + score - before)
    return found


def why(exercise: ExerciseResult, before: float, earned: dict[str, float]) -> str:
    """One exercise's old and new score, and the checks that make the difference; of older marks, those that fail."""
    now = {check.name: check.earned for check in exercise.checks}
    if earned and abs(sum(earned.values()) - before) < ROUNDED:
        both = {name: (earned.get(name, 0.0), now.get(name, 0.0)) for name in {**earned, **now}}
        checks = [f"{name} {a:.4g} -> {b:.4g}" for name, (a, b) in both.items() if abs(a - b) > SAME]
    else:
        checks = [f"{check.name} fails" for check in exercise.checks if not check.passed] or ["all checks pass"]
    return f"{exercise.name} {before:.4g} -> {exercise.score:.4g} ({', '.join(checks)})"
