"""Records as JSON: what DESIGN promises to other tools, and what `autograder report` reads."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from autograder.record import Record
from autograder.reports.words import message


def as_json(records: Iterable[Record]) -> Iterator[str]:
    """An array with one object per submission, in pieces: a class of ten thousand need not be in memory at once."""
    yield "[\n"
    for place, record in enumerate(records):
        yield ",\n" * bool(place) + json.dumps(as_object(record), indent=1, allow_nan=False)
    yield "\n]\n"


def as_object(record: Record) -> dict[str, Any]:
    """The record's fields, and each check's `message`: its fact in a sentence."""
    written = record.to_json()
    for exercise, shown in zip(record.exercises, written["exercises"], strict=True):
        for check, one in zip(exercise.checks, shown["checks"], strict=True):
            one["message"] = message(exercise, check)
    return written


def from_json(text: str) -> list[Record]:
    """The records that `as_json` wrote. Raises ValueError."""
    try:
        return [Record.from_json(one) for one in list(json.loads(text))]
    except (RecursionError, TypeError) as error:
        raise ValueError(str(error)) from None
