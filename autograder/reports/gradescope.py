"""The record as Gradescope's results.json."""

from __future__ import annotations

import json
from typing import Any

from autograder.record import Record
from autograder.reports.words import clean, why


def gradescope(record: Record) -> str:
    """Hidden checks are shown to students once the grades are published. Raises ValueError for what was not graded.

    There is no results.json for that: Gradescope shows an autograder that failed then, and gives no mark.
    """
    if record.error is not None:
        raise ValueError("not graded")
    tests = [
        {
            "name": f"{exercise.name}: {check.name}",
            "name_format": "text",
            "score": check.earned,
            "max_score": check.points,
            "status": "passed" if check.passed else "failed",
            "output": why(exercise, check),
            "output_format": "text",
            "visibility": "after_published" if check.hidden else "visible",
        }
        for exercise in record.exercises
        for check in exercise.checks
    ]
    result: dict[str, Any] = {
        "score": record.score,
        "execution_time": record.seconds,
        "output": "\n".join(clean(note) for note in record.notes),
        "output_format": "text",
        "test_output_format": "text",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    return json.dumps(result, indent=1, allow_nan=False) + "\n"
