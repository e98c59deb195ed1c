"""Records as Markdown, for the summary page of a CI run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from autograder.record import Record
from autograder.reports.words import clean, first_failure, why

MARKDOWN_SIGNS = re.compile(r"([!#$%()*+,\-./:;=?@\[\\\]^_`{|}~\"'])")


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
