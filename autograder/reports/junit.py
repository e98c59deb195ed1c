"""Records as JUnit XML, the form that CI servers read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from autograder.record import Record
from autograder.reports.words import clean, why


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
