"""What grading found out about one submission: facts in fields. Sentences are made of them last, by the reports.

Dataclasses of the standard library: a record is read and written once per submission, which costs a millisecond, and
msgspec would be one more package in every Gradescope image and on every Dask worker.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cache
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

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
        if (record.score is None) != (record.error is not None):
            raise ValueError("a record has either a score or an error")
        return record


def built(kind: Any, value: Any) -> Any:
    """What JSON's `value` says, as a value of a declared type: one of the three classes, or a type of their fields.

    Raises ValueError.
    """
    if kind in DECLARED and isinstance(value, dict):
        if kind is CheckResult and "fact" not in value and "message" in value:  # written by another tool
            value = value | {"fact": value["message"]}
        try:
            return kind(**{name: built(of, value[name]) for name, of in DECLARED[kind].items() if name in value})
        except TypeError as error:  # a field without a default is not there
            raise ValueError(str(error)) from None
    form, inner = parts(kind)
    if form is UnionType:  # of something and None
        return None if value is None else built(inner[0], value)
    if form is list and isinstance(value, list):
        return [built(inner[0], one) for one in value]
    if kind is float:  # JSON's 1 is one too, its true and NaN are none
        right = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LIMIT
    else:
        right = value in inner if form is Literal else form is None and isinstance(value, kind)
    if not right:
        raise ValueError(f"{value!r} is no {kind}")
    return value


@cache
def parts(kind: Any) -> tuple[Any, tuple]:
    """list[str] as list and (str,)."""
    return get_origin(kind), get_args(kind)


# Looked up once: for each of the sixty objects of a record it would cost ten times what reading them costs.
DECLARED = {kind: get_type_hints(kind) for kind in (CheckResult, ExerciseResult, Record)}
