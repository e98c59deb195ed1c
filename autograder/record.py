"""What grading found out about one submission: facts in fields. Sentences are made of them last, by the reports.

Dataclasses of the standard library: a record is read and written once per submission, which costs 0.1 ms, and msgspec
would be one more package in every Gradescope image and on every Dask worker.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeVar, get_type_hints

T = TypeVar("T", "CheckResult", "ExerciseResult", "Record")
Status = Literal["passed", "partial", "failed", "missing", "error", "timeout", "crashed"]
LIMIT = 1e9  # no score or time of a record is near it


@dataclass
class CheckResult:
    """One check. `fact` is what was found: the check's own sentence when it passed, why not when it was not reached."""

    name: str
    points: float
    earned: float
    passed: bool
    hidden: bool
    fact: str
    says: str = ""  # what the check looks at, a sentence
    reached: bool = True
    mistake: str | None = None  # name of the known mistake that the results match
    hint: str | None = None  # a question that leads on
    measured: str | None = None  # name of the measurement that `fact` tells
    example: str | None = None  # the smallest visible input that shows it, with what came and what should have come


@dataclass
class ExerciseResult:
    """One exercise. `replaced` names the functions that were not the student's own when these results were found.

    `paid` is the share of its points that an exercise pays then: 1, or a third for a model with two functions replaced.
    """

    name: str
    score: float
    max_score: float
    status: Status
    checks: list[CheckResult]
    replaced: list[str] = field(default_factory=list)
    paid: float = 1.0


@dataclass
class Record:
    """One submission. `error` says why it could not be graded: then there is no score, and a later run does it again.

    `seconds` is what the examination took; `kept` says that it took place in an earlier run.
    """

    submission: str
    assignment: str
    model: str
    isolation: str
    score: float | None
    max_score: float
    seconds: float
    exercises: list[ExerciseResult] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    error: str | None = None
    kept: bool = False
    schema: int = 1

    def to_json(self) -> dict[str, Any]:
        """As plain dicts and lists, for json.dumps."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Record:
        """The record that plain dicts and lists hold; keys that are not known are left out. Raises ValueError."""
        record = built(cls, value)
        record.exercises = [built(ExerciseResult, exercise) for exercise in record.exercises]
        for exercise in record.exercises:
            exercise.checks = [built(CheckResult, check) for check in exercise.checks]
        if (record.score is None) != (record.error is not None):
            raise ValueError("a record has either a score or an error")
        return record


def built(kind: type[T], value: Any) -> T:
    """An object of one of the three kinds from a dict, each plain field of its declared type. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"not a {kind.__name__}")
    if kind is CheckResult and "fact" not in value and "message" in value:  # written by another tool
        value = value | {"fact": value["message"]}
    hints, given = get_type_hints(kind), {}
    for name in (f.name for f in fields(kind) if f.name in value):
        given[name] = value[name]
        if not fits(value[name], hints[name]):
            raise ValueError(f"{name} of a {kind.__name__} is not as it should be")
    try:
        return kind(**given)
    except TypeError as error:
        raise ValueError(str(error)) from None


def fits(value: Any, hint: Any) -> bool:
    """Whether a value may stand in a field. Lists are looked into by those who build what they hold."""
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LIMIT
    if hint == float | None:
        return value is None or fits(value, float)
    if hint == list[str]:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if getattr(hint, "__origin__", None) is Literal:
        return value in hint.__args__
    if getattr(hint, "__origin__", None) is list:
        return isinstance(value, list)
    return isinstance(value, hint)
