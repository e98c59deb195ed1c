"""The record in the forms people and tools read: text, JSON, JUnit, Gradescope, Markdown and HTML.

Everything here is made from the record and nothing else. What a student wrote can stand in a message (their error's
text, for one), so every form escapes it: it never becomes markup, a terminal command or a broken file.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree

from gptkit.notebook.style import STYLE, in_html

Record = dict[str, Any]
MARKDOWN_SIGNS = re.compile(r"([!#$%()*+,\-./:;=?@\[\\\]^_`{|}~\"'])")
IN_PLACE = re.compile(r"(With a right [\w ,]+ in place of yours): ")  # how grading marks all checks of such an exercise
UNSAFE_KINDS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}  # control, direction, surrogates, unassigned, odd line ends


def clean(text: object) -> str:
    """One line of printable text: what could move a cursor, reverse a line or break a file is replaced."""
    words = " ".join(str(text).split())
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in UNSAFE_KINDS else c for c in words)


def why(check: dict[str, Any]) -> str:
    """What a check says to the student: the fact, and the question that goes with it."""
    return clean(" ".join(part for part in (check["message"], check["hint"]) if part))


def first_failure(exercise: dict[str, Any]) -> str:
    """One line of why an exercise has not full marks; empty when it has."""
    return next((why(check) for check in exercise["checks"] if not check["passed"]), "")


def text(record: Record) -> str:
    """A table for a terminal: a heading, one line per exercise, and the total."""
    name = clean(record["submission"])
    lines = [f"{name}  ({record['model']}, {record['isolation']}, {record['seconds']:.2f} s)"]
    notes = [clean(note) for note in record.get("notes", [])]
    for e in record["exercises"]:
        said = first_failure(e)
        said = "" if said.removeprefix("Not reached: ") in notes else said  # stands below, once
        line = f"  {e['name']:<18} {e['score']:5.4g} / {e['max_score']:g}  {e['status']:<8}  {said}"
        lines.append(line.rstrip())
    lines.append(f"  {'total':<18} {record['score']:5.4g} / {record['max_score']:g}")
    lines += [f"  note: {note}" for note in notes]
    return "\n".join(lines)


def as_json(records: Iterable[Record]) -> Iterator[str]:
    """An array with one object per submission, in pieces: a class of ten thousand need not be in memory at once."""
    yield "[\n"
    for place, record in enumerate(records):
        yield ",\n" * bool(place) + json.dumps(record, indent=1, allow_nan=False)
    yield "\n]\n"


def junit(records: Iterable[Record]) -> Iterator[str]:
    """JUnit XML as CI servers read it, in pieces: a suite for each submission, a case for each check."""
    yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="autograder">\n'
    yield from map(junit_suite, records)
    yield "</testsuites>\n"


def junit_suite(record: Record) -> str:
    checks = [(e, c) for e in record["exercises"] for c in e["checks"]]
    failures, time = sum(not c["passed"] for _, c in checks), str(record["seconds"])
    counted = {"tests": str(len(checks)), "failures": str(failures), "time": time}
    suite = ElementTree.Element("testsuite", name=clean(record["submission"]), **counted)
    properties = ElementTree.SubElement(suite, "properties")
    for key in ("assignment", "model", "isolation", "score", "max_score"):
        ElementTree.SubElement(properties, "property", name=key, value=clean(record[key]))
    for exercise, check in checks:
        case = ElementTree.SubElement(suite, "testcase", classname=exercise["name"], name=check["name"])
        if not check["passed"]:
            ElementTree.SubElement(case, "failure", message=why(check), type=exercise["status"])
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode") + "\n"


def gradescope(record: Record) -> str:
    """Gradescope's results.json. Hidden checks are shown to students once the grades are published."""
    tests = [
        {
            "name": f"{exercise['name']}: {check['name']}",
            "name_format": "text",
            "score": check["earned"],
            "max_score": check["points"],
            "status": "passed" if check["passed"] else "failed",
            "output": why(check),
            "output_format": "text",
            "visibility": "after_published" if check["hidden"] else "visible",
        }
        for exercise in record["exercises"]
        for check in exercise["checks"]
    ]
    result = {
        "score": record["score"],
        "execution_time": record["seconds"],
        "output": "\n".join(clean(note) for note in record.get("notes", [])),
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
    """A summary for a CI page, in pieces: a table per submission, and what its failing checks say behind a fold."""
    for place, record in enumerate(records):
        yield "\n" * bool(place) + markdown_of_one(record)


def markdown_of_one(record: Record) -> str:
    lines = [f"### {in_markdown(record['submission'])}: {record['score']:g} of {record['max_score']:g} points", ""]
    lines += ["| exercise | points | status | what to look at |", "| --- | ---: | --- | --- |"]
    for e in record["exercises"]:
        mark = "✅" if e["status"] == "passed" else "❌"
        cells = [in_markdown(e["name"]), f"{e['score']:g} / {e['max_score']:g}", f"{mark} {e['status']}"]
        lines.append(f"| {' | '.join([*cells, in_markdown(first_failure(e))])} |")
    failed = [(e, c) for e in record["exercises"] for c in e["checks"] if not c["passed"]]
    if failed:
        lines += ["", "<details><summary>Every check that did not pass</summary>", ""]
        lines += [f"- **{in_markdown(e['name'])}: {in_markdown(c['name'])}**: {in_markdown(why(c))}" for e, c in failed]
        lines += ["", "</details>"]
    lines += [f"\n> {in_markdown(note)}" for note in record.get("notes", [])]
    return "\n".join([*lines, ""])


def as_html(exercise: dict[str, Any]) -> str:
    """One exercise as a fragment for a page: every check with its mark, what it says and its points.

    What several checks found is told once, at the first of them.
    """
    checks = exercise["checks"]
    found = [clean(check["message"]).removeprefix("Not reached: ") for check in checks]
    rows = "".join(html_row(c, found[i] not in found[:i]) for i, c in enumerate(checks))
    points = f'<span class="pts">{exercise["score"]:g} of {exercise["max_score"]:g} points</span>'
    head = f'<div class="row"><b class="wide">{html.escape(exercise["name"])}</b>{points}</div>'
    if remark := IN_PLACE.match(found[0]):
        head += f'<div class="row dim">{html.escape(remark[1])}.</div>'
    if any(check["passed"] and not check["earned"] for check in checks):
        rows += '<div class="foot dim">A check marked ✓ with 0 points counts once a check of values passes, too.</div>'
    return f'{STYLE}<div class="gptkit tex2jax_ignore"><div class="card">{head}{rows}</div></div>'  # no formulas in it


def html_row(check: dict[str, Any], news: bool) -> str:
    """A check as a row; what it found is left out where a row above has said it already (`news` is false)."""
    reached = not check["message"].startswith("Not reached")
    kind, sign = ("pass", "✓") if check["passed"] else ("fail", "✗") if reached else ("open", "·")
    says = in_html(clean(check.get("says") or check["name"].replace("_", " ")))
    if check["hidden"]:
        says += ' <span class="dim">(hidden)</span>'
    if not check["passed"] and news:
        says += f'<div class="found">{in_html(IN_PLACE.sub("", clean(check["message"])))}</div>'
        says += f'<div class="ask">{in_html(clean(check["hint"]))}</div>' if check["hint"] else ""
    points = f'<span class="pts">{check["earned"]:.3g} / {check["points"]:.3g}</span>'
    return f'<div class="row {kind}"><span class="mark">{sign}</span><div class="wide">{says}</div>{points}</div>'


def as_lines(exercise: dict[str, Any]) -> str:
    """One exercise as plain text: what `as_html` shows, for where there is no page."""
    lines = [f"{exercise['name']}: {exercise['score']:g} of {exercise['max_score']:g} points"]
    for check in exercise["checks"]:
        says = clean(check.get("says") or check["name"].replace("_", " "))
        lines.append(f"  [{'x' if check['passed'] else ' '}] {says} ({check['earned']:.3g} / {check['points']:.3g})")
        if not check["passed"]:
            lines.append(f"      {why(check)}")
    return "\n".join(lines)
