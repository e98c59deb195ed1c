"""How the kit's output looks: one style for light and dark themes, with colours that the colour-blind can tell apart.

The colours are Okabe and Ito's (2008): blue for right, vermilion or orange for wrong; a sign always says it too.
"""

from __future__ import annotations

import io
import logging
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GREY = "#7f7f7f"  # readable on white and on a dark theme's near black
BLUE, ORANGE = "#3d9be0", "#e08214"  # likewise
DOTS_PER_INCH = 100

# JupyterLab marks its dark theme by data-jp-theme-light, VS Code by a class, Colab by an attribute of the page.
STYLE = f"<style>\n{Path(__file__).with_suffix('.css').read_text('utf-8')}</style>"


def in_html(text: str) -> str:
    """Text that stays text in a page, whatever is in it; what stands between backticks is set as code."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", escape(text))


SIGNS = {"pass": ("✓", "passed"), "fail": ("✗", "not passed"), "open": ("·", "not reached")}


def marked(kind: str) -> str:
    """A check's sign, and the word for those who hear the page: as text, because JupyterLab drops ARIA's labels."""
    sign, word = SIGNS[kind]
    return f'<span class="mark"><span aria-hidden="true">{sign}</span><span class="said">{word}</span></span>'


@dataclass(frozen=True)
class Shown:
    """Something to display: HTML where there is a page, plain text in a terminal."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return f'{STYLE}<div class="gptkit">{self.html}</div>'

    def __repr__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Picture:
    """A figure to display, sharp on dense screens, with its text for those who cannot see it."""

    png: bytes
    width: int
    text: str

    def _repr_mimebundle_(self, **_: object) -> tuple[dict, dict]:
        """As PNG, and as HTML, which viewers prefer: JupyterLab and nbconvert show a PNG without its alternative text.

        A feedback page has no HTML of a student's, and shows the PNG.
        """
        png = b64encode(self.png).decode()  # a browser's kernel does not do it for us
        source, style = f"data:image/png;base64,{png}", "max-width: 100%; height: auto"
        html = f'<img alt="{escape(self.text)}" width="{self.width}" style="{style}" src="{source}">'
        forms = {"text/html": html, "image/png": png, "text/plain": self.text}
        return forms, {"image/png": {"width": self.width, "alt": self.text}}

    def __repr__(self) -> str:
        return self.text


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inches) without a background, in greys that both themes can carry; no global state of pyplot."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # else it tells that it looks for fonts
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="none", dpi=DOTS_PER_INCH)


def theme() -> dict:
    """Matplotlib's settings for `rc_context` while a figure of ours is drawn."""
    greys = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
    return dict.fromkeys(greys, GREY) | {"axes.facecolor": "none", "font.size": 10, "axes.titlesize": 10}


@contextmanager
def drawing(width: float, height: float) -> Iterator[Figure]:
    """A new figure, in whose block everything is drawn in our style."""
    from matplotlib import rc_context

    with rc_context(theme()):
        yield new_figure(width, height)


def picture(figure: Figure, text: str) -> Picture:
    """A drawn figure as something to display; `text` tells those who cannot see it what it shows."""
    # Twice as many dots as the width below asks for: what dense screens need.
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=2 * DOTS_PER_INCH, format="png")
    return Picture(buffer.getvalue(), int(figure.get_figwidth() * DOTS_PER_INCH), text)


def note(text: str) -> Shown:
    """A small remark below an output."""
    return Shown(f'<span class="dim">{escape(text)}</span>', text)


def continued(prompt: str, text: str, ending: str = " ...") -> Shown:
    """A prompt and what the model adds."""
    html = f'<pre><span class="dim">{escape(prompt)}</span><span class="new">{escape(text)}</span>{ending}</pre>'
    return Shown(html, f"{prompt}|{text}{ending}")
