"""The class report as one HTML page that needs nothing else: no server, no font, no picture beside it.

What a student could have written is escaped by the template or by `said`, and the page lets no script run but the one
that sorts and finds.
"""

from __future__ import annotations

from statistics import mean, median

import numpy as np

from autograder.notebooks import sanitize
from autograder.reports.class_statistics import ClassReport
from autograder.reports.pages import render
from autograder.reports.words import clean

SLOWEST = 5
RARE = 2  # a mistake of fewer students than this stands behind a fold, when there are more than SHORT mistakes
SHORT = 8  # entries of a list; a longer one stands behind a fold
MANY = 60  # students; the table of more stands behind a fold


def page(report: ClassReport) -> str:
    """The whole page."""
    graded, full = report.graded, report.first.max_score
    scores = [record.score for record in graded.values()]
    width = 5 * round(full / 45) or 1  # points that one bar of the histogram stands for: some nine bars
    counts, edges = np.histogram(scores, np.arange(0, max(full, 1) + width, width))
    statuses = {name: report.statuses(name) for name in report.exercises}
    for counted in statuses.values():
        counted["ended"] = sum(counted[status] for status in ("error", "timeout", "crashed"))
    # A check that nobody came as far as says nothing about the class, nor about the check.
    tried = [check for check in report.checks if check.reached]
    common = [m for m in report.mistakes if len(m.who) >= RARE or len(report.mistakes) <= SHORT]
    return render(
        "class_report.html.j2",
        own_script="class_report.js",
        title=f"{clean(report.first.assignment)}: what the class has not understood",
        report=report,
        median=median(scores),
        mean=mean(scores),
        width=width,
        histogram=list(zip(edges.tolist(), counts.tolist(), strict=False)),
        statuses=statuses,
        common=common,
        rare=[m for m in report.mistakes if m not in common],
        nobody_passed=[check for check in tried if not check.passed],
        nobody_failed=[check for check in tried if check.passed == check.reached],
        ungraded=[(s, r.error) for s, r in report.records.items() if r.error is not None],
        notes=[(s, note) for s, r in graded.items() for note in r.notes],
        slowest=sorted(((s, r.seconds) for s, r in graded.items()), key=lambda one: -one[1])[:SLOWEST],
        usual=median(r.seconds for r in graded.values()),
        everybody=sorted(graded.items(), key=lambda item: item[1].score),
        sanitized=sanitize.text,
        short=SHORT,
        many=MANY,
    )
