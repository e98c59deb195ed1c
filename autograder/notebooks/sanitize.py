"""What a student left in a notebook, made safe to show: no script of theirs runs in a grader's or classmate's browser.

It is a list of what may pass, not of what may not: plain text, and pictures whose bytes are pictures. Everything else
(HTML, SVG, JavaScript, LaTeX, widgets, metadata) is named and left out. Cells are made anew, so that nothing of the
student's JSON is carried along by accident.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

MAX_TEXT = 20_000  # characters of one text or output
MAX_CODE = 80_000  # characters of one code cell: as many as may run, so that what runs is shown
MAX_IMAGE = 4 * 2**20  # bytes of one picture
MAX_OUTPUTS = 40  # of one cell
MAX_CELLS = 400  # of one notebook
PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
MARKUP = re.compile(r"[<\[$\\&]|```|~~~|://|www\.")  # without these: no HTML, link, picture, formula or entity
# What takes an editor's colours a time that grows with its square: a long line, many blanks in a row.
SLOW = re.compile(r"[^\n]{400}|\s{100}")


def text(value: Any, limit: int = MAX_TEXT) -> str:
    """A notebook's text (a string or a list of lines) without control characters, cut to `limit` characters."""
    lines = value if isinstance(value, list) else [value]
    joined = COLOURS.sub("", "".join(line for line in lines if isinstance(line, str)).replace("\r\n", "\n"))
    cut = joined if len(joined) <= limit else f"{joined[:limit]}\n... {len(joined) - limit} more characters left out"
    return CONTROLS.sub("\N{REPLACEMENT CHARACTER}", cut)


def markdown(source: str) -> str:
    """Markdown that is shown as it was meant where it is plain prose, else as it was typed."""
    source = text(source)
    if not MARKUP.search(source):
        return source
    fence = "`" * (1 + max([2, *map(len, re.findall("`+", source))]))
    return f"{fence}text\n{source}\n{fence}"


def cell(raw: dict[str, Any]) -> NotebookNode:
    """A student's cell, made anew. `raw` is a cell as `submission.cells_of` gives it."""
    if raw.get("cell_type") == "code":
        return plain_if_slow(new_code_cell(text(raw["source"], MAX_CODE), outputs=outputs(raw.get("outputs"))))
    return new_markdown_cell(markdown(raw["source"]))


def plain_if_slow(code: NotebookNode) -> NotebookNode:
    """A code cell, shown without colours where these take too long: so nbconvert understands the field."""
    if SLOW.search(code.source):
        code.metadata["magics_language"] = "text"
    return code


def outputs(raw: Any) -> list[NotebookNode]:
    """What a cell's run left, as text and pictures."""
    found = [output(one) for one in raw[:MAX_OUTPUTS] if isinstance(one, dict)] if isinstance(raw, list) else []
    return [one for one in found if one]


def output(raw: dict[str, Any]) -> NotebookNode | None:
    kind = raw.get("output_type")
    if kind == "stream":
        name = "stderr" if raw.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=text(raw.get("text")))
    if kind == "error":
        lines = text(raw.get("traceback")).split("\n")
        return new_output("error", ename=text(raw.get("ename")), evalue=text(raw.get("evalue")), traceback=lines)
    if kind in ("display_data", "execute_result") and isinstance(raw.get("data"), dict):
        return new_output("display_data", bundle(raw["data"]))
    return None


def bundle(data: dict[str, Any]) -> dict[str, str]:
    """The forms of one displayed thing that may be shown; a line that names the others where none is left."""
    kept = {kind: shown for kind in PICTURES if (shown := picture(data.get(kind), PICTURES[kind]))}
    if said := text(data.get("text/plain")):
        kept["text/plain"] = said
    left_out = ", ".join(sorted(text(kind, 40) for kind in data if isinstance(kind, str)))
    return kept or {"text/plain": f"[left out: {text(left_out, 200)}]"}


def picture(value: Any, magic: bytes) -> str | None:
    """Base64 of a picture's bytes when they begin as such a picture does, else None."""
    try:
        content = base64.b64decode("".join(value) if isinstance(value, list) else value, validate=False)
    except (TypeError, ValueError, binascii.Error):
        return None
    return base64.b64encode(content).decode() if content.startswith(magic) and len(content) <= MAX_IMAGE else None
