"""One exercise as a fragment of HTML, for a feedback page: every check with its mark, what it says and its points."""

from __future__ import annotations

import html

from gptkit.checks.ladder import NEXT, steps
from gptkit.notebook.style import STYLE, in_html, marked

from autograder.record import CheckResult, ExerciseResult
from autograder.reports.words import UNPAID, clean, remark, unpaid


def as_html(exercise: ExerciseResult) -> str:
    """The exercise as a card. What several checks found is told once, at the first of them, with the step after it."""
    facts = [clean(check.fact) for check in exercise.checks]
    told: set[str] = set()
    rows = "".join(
        row(check, facts[i] not in facts[:i], exercise.name, told) for i, check in enumerate(exercise.checks)
    )
    points = f'<span class="pts">{exercise.score:g} of {exercise.max_score:g} points</span>'
    head = f'<div class="row"><b class="wide">{html.escape(exercise.name)}</b>{points}</div>'
    if remark(exercise):
        head += f'<div class="row dim">{html.escape(remark(exercise))}.</div>'
    return f'{STYLE}<div class="gptkit tex2jax_ignore"><div class="card">{head}{rows}</div></div>'  # no formulas in it


def row(check: CheckResult, news: bool, exercise: str, told: set[str]) -> str:
    """A check as a row; what it found is pointed to where a row above has said it already (`news` is false).

    `told`: the second steps of the rows above, none of which is shown again.
    """
    kind = "pass" if check.passed else "fail" if check.reached else "open"
    says = in_html(clean(check.says or check.name.replace("_", " ")))
    if check.hidden:
        says += ' <span class="dim">(hidden)</span>'
    if not check.passed:
        found = clean(check.fact) if news else "As above." if check.reached else "Not reached."
        says += f'<div class="found">{in_html(found)}</div>'
    if not check.passed and news:
        says += f'<div class="ask">{in_html(clean(check.hint))}</div>' if check.hint else ""
        if check.hint is not None:  # the second step, where the question is the first
            step = steps(exercise, check.name, check.example, check.mistake, check.measured)[:1]
            for said in (one for one in step if one not in told):
                told.add(said)
                says += f"<details open><summary>{NEXT[0]}</summary>{in_html(clean(said))}</details>"
    if unpaid(check):
        says += f'<div class="dim">{UNPAID}</div>'
    points = f'<span class="pts">{check.earned:.3g} / {check.points:.3g}</span>'
    return f'<div class="row {kind}">{marked(kind)}<div class="wide">{says}</div>{points}</div>'
