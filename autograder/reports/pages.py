"""What people read in a browser, made from the templates beside this: whole pages, and the card of one exercise.

Templates escape all text by themselves. Each page is one file, and tells the browser to run no script but its own.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any

from gptkit.checks.ladder import NEXT, steps
from gptkit.notebook.style import STYLE, in_html, marked
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.record import ExerciseResult
from autograder.reports.words import UNPAID, clean, remark, unpaid


def said(text: object) -> Markup:
    """Text that stays text in a page, code in it as code."""
    return Markup(in_html(clean(text)))


def script(name: str) -> Markup:
    """A script of ours, to stand in a page."""
    return Markup(ENVIRONMENT.loader.get_source(ENVIRONMENT, name)[0])  # type: ignore[union-attr]


def digest(text: str) -> str:
    """How a page's policy names the one script that may run."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def render(template: str, **values: Any) -> str:
    """The page that a template makes of these values. Markup stays, any other text is escaped."""
    return ENVIRONMENT.get_template(template).render(**values)


def as_html(exercise: ExerciseResult) -> str:
    """One exercise as a card. What several checks found is told once, at the first of them, with the step after it."""
    rows, facts, told = [], set(), {""}
    for check in exercise.checks:
        fact, step = clean(check.fact), ""
        news = fact not in facts
        found = fact if news else "As above." if check.reached else "Not reached."
        if news and not check.passed and check.hint is not None:  # the question was the first step, this is the second
            step = next(iter(steps(exercise.name, check.name, check.example, check.mistake, check.measured)), "")
        rows.append((check, found, check.hint if news else "", "" if step in told else step))
        facts.add(fact)
        told.add(step)
    return render("exercise.html.j2", exercise=exercise, remark=remark(exercise), rows=rows)


# StrictUndefined: a name that a template misspells is an error, and no gap in a page.
ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
ENVIRONMENT.filters |= {"clean": clean, "digest": digest, "said": said}
ENVIRONMENT.tests |= {"unpaid": unpaid}
ENVIRONMENT.globals |= {
    "script": script,
    "kit_style": Markup(STYLE),
    "mark": lambda kind: Markup(marked(kind)),
    "next_step": NEXT[0],
    "unpaid_words": UNPAID,
}
