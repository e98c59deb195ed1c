"""The pages people read (the class report, a student's feedback, marking by hand), from their templates beside this.

Templates escape all text by themselves. Each page is one file, and tells the browser to run no script but its own.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from pathlib import Path
from typing import Any

from gptkit.notebook.style import STYLE, in_html
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.notebooks import sanitize
from autograder.reports.words import clean


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


ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
ENVIRONMENT.filters |= {"said": said, "digest": digest, "sanitized": sanitize.text}
ENVIRONMENT.globals |= {"script": script, "kit_style": Markup(STYLE)}
