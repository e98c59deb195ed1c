"""The class report as one HTML page that needs nothing else: no server, no script, no font, no picture beside it.

Everything that a student could have written passes `esc`, and the page forbids scripts to the browser on top of that.
Colours are Okabe and Ito's, which the colour-blind can tell apart; a number or a word always says the same.
"""

from __future__ import annotations

import html
import io
import re
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from gptkit.notebook.style import GREY, in_html, new_figure, theme

from autograder.notebooks import sanitize
from autograder.reports.class_statistics import Checked, ClassReport, Mistake
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
SHORT = 8
SIGNS = {"passed": "✓", "partial": "◐", "failed": "✗", "missing": "–"}

STYLE = """
:root { color-scheme: light dark; --fg: #1c1c1c; --bg: #fff; --dim: #5f5f5f; --line: #d4d4d4; --tint: #f4f6f8 }
@media screen and (prefers-color-scheme: dark) {
  :root { --fg: #e8e8e8; --bg: #16181b; --dim: #a6a6a6; --line: #3b3f45; --tint: #1f2226 } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--fg); background: var(--bg); max-width: 66em;
  margin: 2em auto; padding: 0 1.2em; print-color-adjust: exact; -webkit-print-color-adjust: exact }
h1 { font-size: 1.5em; margin: 0 } h1 + p { margin-top: .2em } h2 { font-size: 1.15em; margin: 2em 0 .5em }
.dim, small, th, .ask, figcaption, summary { color: var(--dim) } .ask { font-style: italic } p { max-width: 46em }
.plots { display: flex; flex-wrap: wrap; gap: 1.5em } figure { margin: 0; flex: 1 1 24em; min-width: 0 }
figcaption { font-weight: 600; margin-bottom: .3em } svg { width: 100%; height: auto }
table { border-collapse: collapse; width: 100% } tr { break-inside: avoid } td { border-top: 1px solid var(--line) }
td, th { text-align: left; vertical-align: top; padding: .4em .7em .4em 0 } th { font-size: .9em }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.many { width: 7em; color: var(--dim) } .many b { font-size: 1.3em; color: var(--fg) } .many > div { width: 6em }
.bar { height: 6px; background: var(--tint); border: 1px solid var(--line) }
.bar div { height: 100%; background: #e69f00 }
.where { width: 10em; overflow-wrap: anywhere } .who { width: 4em } .who:has([open]) { width: 12em }
summary { cursor: pointer } .pair { display: flex; gap: 1em }
code, pre { font: .88em/1.4 ui-monospace, monospace } .students td { white-space: nowrap }
.pair pre { flex: 1; min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--tint);
  padding: .6em }
@media print { body { margin: 0; max-width: none; font-size: 10pt } h2 { break-after: avoid }
  figure { break-inside: avoid; flex-basis: 16em } }
@page { margin: 1.5cm }
"""


def esc(text: object) -> str:
    """Text that stays text in a page, code in it as code."""
    return in_html(clean(text))


def page(report: ClassReport) -> str:
    """The whole page."""
    from matplotlib import rcdefaults

    rcdefaults()  # a matplotlibrc in the working directory, which may be a student's, could start LaTeX
    scores = [r.score for r in report.graded.values()]
    first, full = report.first, f"{report.first.max_score:g}"
    title = f"{esc(first.assignment)}: what the class has not understood"
    parts = [
        f"<h1>{title}</h1>",
        f"<p>{report.students} notebooks · median {median(scores):.3g}, mean {np.mean(scores):.3g} of {full} points"
        f" <span class='dim'>· model {esc(first.model)} · isolation {esc(first.isolation)}</span></p>",
        "<div class='plots'>",
        figure("Scores", histogram(scores, first.max_score)),
        figure("Students by exercise", exercises(report)),
        "</div>",
        section("Mistakes, by number of students", mistakes(report)),
        section("Checks that tell nobody apart", checks(report.checks)),
        section("Near-identical answers", similar(report)),
        section("Notes and slowest notebooks", odd(report)),
        section("Everybody", students(report)),
    ]
    head = (
        "<meta charset='utf-8'><meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{title}</title><style>{STYLE}</style>"
    )
    body = "\n".join(parts)
    return f"<!doctype html>\n<html lang='en'><head>{head}</head>\n<body>{body}</body></html>\n"


def section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>"


def figure(caption: str, svg: str) -> str:
    return f"<figure><figcaption>{caption}</figcaption>{svg}</figure>"


def as_svg(drawn: Figure, says: str) -> str:
    """A figure as an inline picture whose text is the page's: in its colour, to be searched and read aloud."""
    from matplotlib import rc_context

    out = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": says}):
        drawn.savefig(out, format="svg", metadata={"Date": None})
    svg = out.getvalue().replace(GREY, "currentColor")
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    return svg.replace("<svg", f'<svg role="img" aria-label="{html.escape(clean(says))}"', 1)


def histogram(scores: list[float], full: float) -> str:
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


def exercises(report: ClassReport) -> str:
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


def mistakes(report: ClassReport) -> str:
    """A row for each mistake; those of one student alone behind a fold where the list is long."""
    common = [m for m in report.mistakes if len(m.who) >= RARE or len(report.mistakes) <= SHORT]
    rare = [m for m in report.mistakes if m not in common]
    shown = f"<table class='mistakes'>{''.join(row(m, report.students) for m in common)}</table>" if common else ""
    if rare:
        rows = "".join(row(m, report.students) for m in rare)
        shown += f"<details><summary>{len(rare)} more, of one student each</summary>"
        shown += f"<table class='mistakes'>{rows}</table></details>"
    return shown or "<p>None: nobody made one.</p>"


def row(mistake: Mistake, students: int) -> str:
    number = len(mistake.who)
    told = "".join(f"<li>{esc(who)}: {esc(said)}</li>" for who, said in mistake.who.items() if said)
    names = f"<ul>{told}</ul>" if told else esc(", ".join(mistake.who))
    said = esc(mistake.fact) + (f"<div class='ask'>{esc(mistake.question)}</div>" if mistake.question else "")
    name = esc(mistake.name or "none of the known mistakes").replace("_", "_<wbr>")  # where a long name may be broken
    bar = f"<div class='bar'><div style='width:{100 * number / students:.0f}%'></div></div>"
    who = f"<details><summary>who</summary>{names}</details>"
    return (
        f"<tr><td class='many'><b>{number}</b> of {students}{bar}</td>"
        f"<td class='where'>{esc(mistake.exercise)}<br><small>{name}</small></td>"
        + (f"<td colspan='2'>{said}{who}</td></tr>" if told else f"<td>{said}</td><td class='who'>{who}</td></tr>")
    )


def checks(counted: list[Checked]) -> str:
    """The checks that everybody passed, and those that nobody passed, of the students who came as far as them."""
    tried = [c for c in counted if c.reached]
    rows = "".join(
        f"<tr><td>{esc(c.exercise)}<td>{says(c)}<td class='n'>{c.passed} of {c.reached}</tr>" for c in counted
    )
    return (
        listed("Nobody passed (is it taught, and is the check fair?)", [c for c in tried if not c.passed])
        + listed("Nobody failed, of those who came as far as it", [c for c in tried if c.passed == c.reached])
        + f"<details><summary>All {len(counted)} checks</summary><table>"
        + f"<tr><th>exercise<th>check<th class='n'>passed</tr>{rows}</table></details>"
    )


def listed(title: str, found: list[Checked]) -> str:
    items = "".join(f"<li>{esc(c.exercise)}: {says(c)} <small>{c.passed} of {c.reached}</small></li>" for c in found)
    return f"<b>{title}:</b> {'' if found else 'none'}<ul>{items}</ul>"


def says(check: Checked) -> str:
    return esc(check.says) + (" <small>(hidden)</small>" if check.hidden else "")


def similar(report: ClassReport) -> str:
    """The groups, each with two of its answers side by side."""
    if report.groups is None:
        return "<p>Not looked for: the notebooks were not given (<code>--notebooks FOLDER</code>).</p>"
    why = "Same statements but for names, numbers, comments and order; what many wrote alike is not counted."
    items = [
        f"<li><b>{esc(', '.join(g.members))}</b>: {g.alike:.0%} the same, in {esc(', '.join(g.where))}"
        f"<details><summary>{esc(g.members[0])} beside {esc(g.members[1])}</summary><div class='pair'>"
        + "".join(f"<pre>{html.escape(sanitize.text(answer))}</pre>" for answer in g.answers)
        + "</div></details></li>"
        for g in report.groups
    ]
    if not items:
        return f"<p>None. <span class='dim'>{why}</span></p>"
    return f"<p>Worth a look, not an accusation. <span class='dim'>{why}</span></p><ul>{''.join(items)}</ul>"


def odd(report: ClassReport) -> str:
    """What the grader noted about notebooks, and those that took longest to examine."""
    ungraded = [(s, r.error) for s, r in report.records.items() if r.error is not None]
    noted = [(s, note) for s, r in report.graded.items() for note in r.notes]
    notes = "".join(f"<li>{esc(s)}: {esc(note)}</li>" for s, note in noted)
    slowest = sorted(report.graded.items(), key=lambda item: -item[1].seconds)[:SLOWEST]
    times = ", ".join(f"{esc(s)} {r.seconds:.2f} s" for s, r in slowest)
    usual = median(r.seconds for r in report.graded.values())
    failed = "".join(f"<li>{esc(s)}: {esc(why)}</li>" for s, why in ungraded)
    failed = f"<b>Not graded, which is not their doing; grade them again:</b><ul>{failed}</ul>" if ungraded else ""
    return failed + (
        f"<p><b>Slowest:</b> {times} <span class='dim'>(median {usual:.2f} s)</span></p><b>Notes:</b><ul>{notes}</ul>"
    )


def students(report: ClassReport) -> str:
    """A row for each student, the lowest score first, behind a fold."""
    heads = "".join(f"<th class='n'>{esc(name)}" for name in report.exercises)
    rows = []
    for student, record in sorted(report.graded.items(), key=lambda item: item[1].score):
        marks = {e.name: f"{SIGNS.get(e.status, '!')} {e.score:g}" for e in record.exercises}
        cells = "".join(f"<td class='n'>{marks.get(name, '')}" for name in report.exercises)
        rows.append(f"<tr><td>{esc(student)}{cells}<td class='n'><b>{record.score:g}</b></tr>")
    legend = "✓ passed ◐ partial ✗ failed ! raised, too slow or crashed – not written"
    table = f"<table class='students'><tr><th>{heads}<th class='n'>total</tr>{''.join(rows)}</table>"
    return f"<details><summary>{legend}</summary>{table}</details>"
