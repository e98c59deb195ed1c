"""Records of a class, a line for each student."""

from typing import Any

from autograder.record import CheckResult, ExerciseResult, Record


def check(name: str, fact: str = "", mistake: str | None = None, **other: Any) -> CheckResult:
    """A check of a record; passed when nothing is said about it."""
    return CheckResult(name, 1.0, 0.0 if fact else 1.0, not fact, False, fact or "It holds.", mistake=mistake, **other)


def exercise(name: str, status: str, *checks: CheckResult, **other: Any) -> ExerciseResult:
    """An exercise with half of its points."""
    return ExerciseResult(name, 5.0, 10.0, status, list(checks), **other)


def record(student: str, *exercises: ExerciseResult, score: float | None = 50.0, **other: Any) -> Record:
    """A student's record."""
    where = other.pop("submission", f"{student}/gpt2/gpt2.ipynb")
    full = other.pop("max_score", 90.0)
    return Record(where, other.pop("assignment", "gpt2"), "tiny", "process", score, full, 0.5, list(exercises), **other)
