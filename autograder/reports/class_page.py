"""The class report as one HTML page that needs nothing else: no server, no font, no picture beside it.

What a student could have written is escaped by the template or by `said`, and the page lets no script run but the one
that sorts and finds. Colours are Okabe and Ito's, which the colour-blind can tell apart; a number or a word always says
the same.
"""

from __future__ import annotations

import html
import io
import re
from statistics import mean, median
from typing import TYPE_CHECKING

import numpy as np
from gptkit.notebook.style import GREY, new_figure, theme
from markupsafe import Markup

from autograder.reports.class_statistics import ClassReport
from autograder.reports.pages import render
from autograder.reports.words import clean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STATUSES = {  # status: what the legend says, colour, colour of the number on it
    "passed": ("passed", "#0072b2", "white"),
    "partial": ("partial", "#7cc4ec", "black"),
    "failed": ("failed", "#e69f00", "black"),
    "ended": ("raised, too slow or crashed", "#a34700", "white"),
    "missing": ("not written", "#b8b8b8", "black"),
}
SLOWEST = 5
THIN = 0.02  # of all students: a part of a bar has no room for a number from here on
RARE = 2  # a mistake of fewer students than this stands behind a fold, when there are more than SHORT mistakes
SHORT = 8  # entries of a list; a longer one stands behind a fold
MANY = 60  # students; the table of more stands behind a fold
SIGNS = {"passed": "✓", "partial": "◐", "failed": "✗", "missing": "–"}


def page(report: ClassReport) -> str:
    """The whole page."""
    from matplotlib import rcdefaults

    rcdefaults()  # a matplotlibrc in the working directory, which may be a student's, could start LaTeX
    graded = report.graded
    scores = [record.score for record in graded.values()]
    tried = [check for check in report.checks if check.reached]
    common = [m for m in report.mistakes if len(m.who) >= RARE or len(report.mistakes) <= SHORT]
    return render(
        "class_report.html.j2",
        own_script="class_report.js",
        title=f"{clean(report.first.assignment)}: what the class has not understood",
        report=report,
        median=median(scores),
        mean=mean(scores),
        histogram=histogram(scores, report.first.max_score),
        bars=exercises(report),
        common=common,
        rare=[m for m in report.mistakes if m not in common],
        nobody_passed=[check for check in tried if not check.passed],
        nobody_failed=[check for check in tried if check.passed == check.reached],
        ungraded=[(s, r.error) for s, r in report.records.items() if r.error is not None],
        notes=[(s, note) for s, r in graded.items() for note in r.notes],
        slowest=sorted(((s, r.seconds) for s, r in graded.items()), key=lambda one: -one[1])[:SLOWEST],
        usual=median(r.seconds for r in graded.values()),
        everybody=sorted(graded.items(), key=lambda item: item[1].score),
        signs=SIGNS,
        short=SHORT,
        many=MANY,
    )


def as_svg(drawn: Figure, says: str) -> Markup:
    """A figure as an inline picture whose text is the page's: in its colour, to be searched and read aloud."""
    from matplotlib import rc_context

    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": says}):
        drawn.savefig(out, format="svg", metadata={"Date": None})
    svg = out.getvalue().replace(GREY, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    return Markup(svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(clean(says))}"', 1))


def histogram(scores: list[float], full: float) -> Markup:
    """How many students have how many points."""
    from matplotlib import rc_context

    width = 5 * round(full / 45) or 1  # points: some nine bars
    counts, edges = np.histogram(scores, np.arange(0, max(full, 1) + width, width))
    with rc_context(theme()):
        drawn = new_figure(5, 2.9)
        axes = drawn.add_subplot()
        bars = axes.bar(edges[:-1], counts, width * 0.94, align="edge", color=STATUSES["passed"][1])
        axes.bar_label(bars, [n or "" for n in counts], color=GREY)
        axes.set(xlabel=f"points of {full:g}", xticks=edges, yticks=[])
        axes.spines[["left", "top", "right"]].set_visible(False)
    said = [f"{n} with {a:g} to {a + width:g} points" for n, a in zip(counts, edges, strict=False) if n]
    return as_svg(drawn, "; ".join(said))


def exercises(report: ClassReport) -> Markup:
    """For each exercise a bar of all students, cut by their status."""
    from matplotlib import rc_context

    counted = {name: report.statuses(name) for name in report.exercises}
    for counts in counted.values():
        counts["ended"] = sum(counts[status] for status in ("error", "timeout", "crashed"))
    names, left = list(counted)[::-1], np.zeros(len(counted))
    with rc_context(theme() | {"text.parse_math": False}):
        drawn = new_figure(5, 2.9)
        axes = drawn.add_subplot()
        for status, (label, colour, ink) in STATUSES.items():
            lengths = np.array([counted[name][status] for name in names])
            bars = axes.barh(names, lengths, left=left, color=colour, label=label, edgecolor="none", height=0.72)
            shown = [n if n > THIN * report.students else "" for n in lengths]
            axes.bar_label(bars, shown, label_type="center", color=ink)
            left += lengths
        axes.set(xlim=(0, report.students), xticks=[])
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        drawn.legend(loc="outside lower center", ncols=3, frameon=False, fontsize=9, handlelength=1)
    return as_svg(drawn, "; ".join(f"{name}: {c['passed']} of {report.students} passed" for name, c in counted.items()))
