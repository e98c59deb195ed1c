"""Records for other programs: JSON, JUnit XML for CI servers, Gradescope's results.json, Markdown for a CI summary."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree

from autograder.record import Record
from autograder.reports.words import clean, first_failure, message, why

MARKDOWN_SIGNS = re.compile(r"([!#$%()*+,\-./:;=?@\[\\\]^_`{|}~\"'])")


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


def junit(records: Iterable[Record]) -> Iterator[str]:
    """The file in pieces: a suite for each submission, a case for each check; an error for what was not graded."""
    yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="autograder">\n'
    yield from map(suite, records)
    yield "</testsuites>\n"


def suite(record: Record) -> str:
    """One submission's element."""
    checks = [(e, c) for e in record.exercises for c in e.checks]
    failures, errors = sum(not c.passed for _, c in checks), int(record.error is not None)
    counted = {"tests": len(checks) + errors, "failures": failures, "errors": errors, "time": record.seconds}
    top = ElementTree.Element("testsuite", {"name": clean(record.submission)} | {k: str(n) for k, n in counted.items()})
    properties = ElementTree.SubElement(top, "properties")
    # JUnit knows no score: servers show these beside the suite.
    for key in ("assignment", "model", "isolation", "score", "max_score"):
        if (value := getattr(record, key)) is not None:
            ElementTree.SubElement(properties, "property", name=key, value=clean(value))
    if record.error is not None:
        case = ElementTree.SubElement(top, "testcase", classname="autograder", name="could_not_be_graded")
        ElementTree.SubElement(case, "error", message=clean(record.error), type="CannotGrade")
    for exercise, check in checks:
        case = ElementTree.SubElement(top, "testcase", classname=exercise.name, name=check.name)
        if not check.passed:
            ElementTree.SubElement(case, "failure", message=why(exercise, check), type=exercise.status)
    ElementTree.indent(top)
    return ElementTree.tostring(top, encoding="unicode") + "\n"


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


def in_markdown(value: object) -> str:
    """Text as Markdown that shows it as it is: no sign in it means anything, to GitHub's dialect either."""
    return MARKDOWN_SIGNS.sub(r"\\\1", clean(value)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def markdown(records: Iterable[Record]) -> Iterator[str]:
    """A summary in pieces: a table per submission, and what its failing checks say behind a fold."""
    for place, record in enumerate(records):
        yield "\n" * bool(place) + markdown_of_one(record)


def markdown_of_one(record: Record) -> str:
    """One submission's part of the page."""
    if record.error is not None:
        return f"### {in_markdown(record.submission)}: not graded\n\n⚠️ {in_markdown(record.error)}\n"
    lines = [f"### {in_markdown(record.submission)}: {record.score:g} of {record.max_score:g} points", ""]
    lines += ["| exercise | points | status | what to look at |", "| --- | ---: | --- | --- |"]
    for e in record.exercises:
        mark = "✅" if e.status == "passed" else "❌"
        cells = [in_markdown(e.name), f"{e.score:g} / {e.max_score:g}", f"{mark} {e.status}"]
        lines.append(f"| {' | '.join([*cells, in_markdown(first_failure(e))])} |")
    failed = [(e, c) for e in record.exercises for c in e.checks if not c.passed]
    if failed:
        lines += ["", "<details><summary>Every check that did not pass</summary>", ""]
        lines += [f"- **{in_markdown(e.name)}: {in_markdown(c.name)}**: {in_markdown(why(e, c))}" for e, c in failed]
        lines += ["", "</details>"]
    lines += [f"\n> {in_markdown(note)}" for note in record.notes]
    return "\n".join([*lines, ""])
