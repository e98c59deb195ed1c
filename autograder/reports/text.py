"""The record for a terminal, and an exercise as plain lines."""

from __future__ import annotations

from autograder.record import ExerciseResult, Record
from autograder.reports.words import circumstances, clean, first_failure, unpaid, why


def text(record: Record) -> str:
    """A table for a terminal: a heading, one line per exercise, and the total; or why there is none."""
    name = clean(record.submission)
    if record.error is not None:
        return f"{name}\n  not graded: {clean(record.error)}"
    lines = [f"{name}  ({circumstances(record)})"]
    for exercise in record.exercises:
        stands_below = any(not check.reached and check.fact in record.notes for check in exercise.checks)
        said = "" if stands_below else first_failure(exercise)
        line = f"  {exercise.name:<18} {exercise.score:5.4g} / {exercise.max_score:g}  {exercise.status:<8}  {said}"
        lines.append(line.rstrip())
    lines.append(f"  {'total':<18} {record.score:5.4g} / {record.max_score:g}")
    lines += [f"  note: {clean(note)}" for note in record.notes]
    return "\n".join(lines)


def as_lines(exercise: ExerciseResult) -> str:
    """One exercise as plain text: what the page shows, for where there is no page."""
    lines = [f"{exercise.name}: {exercise.score:g} of {exercise.max_score:g} points"]
    for check in exercise.checks:
        says = clean(check.says or check.name.replace("_", " "))
        lines.append(f"  [{'x' if check.passed else ' '}] {says} ({check.earned:.3g} / {check.points:.3g})")
        if not check.passed or unpaid(check):
            lines.append(f"      {why(exercise, check)}")
    return "\n".join(lines)
