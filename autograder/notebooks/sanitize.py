"""What a student left in a notebook, made safe to show: no script of theirs runs in a grader's or classmate's browser.

It is a list of what may pass, not of what may not: plain text, and pictures whose bytes are pictures. Everything else
(HTML, SVG, JavaScript, LaTeX, widgets, metadata) is named and left out. Cells are made anew, so that nothing of the
student's JSON is carried along by accident.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import struct
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_output

from autograder.notebooks.opening import Later

MAX_TEXT = 20_000  # characters of one text or output
MAX_CODE = 80_000  # characters of one code cell: as many as may run, so that what runs is shown
MAX_IMAGE = 4 * 2**20  # bytes of one picture
MAX_OUTPUTS = 40  # of one cell
MAX_PIXELS = 50_000_000  # of one picture: more than a camera's, and 200 MB in a browser
PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
# IPython colours its tracebacks; a page has no use for the signs.
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What moves a cursor, turns the direction of a line, or is half a character that no file can hold.
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
PASTED = re.compile(
    r"!\[[^\]\n]*\]\((?:attachment:([^)\s]+)|data:(image/(?:png|jpeg));base64,([A-Za-z0-9+/=]+))[^)\n]*\)"
)
OLD = {"png": "image/png", "jpeg": "image/jpeg", "text": "text/plain"}  # format 3's words
KIND = {"pyout": "execute_result", "pyerr": "error"}
# Without these, Markdown has no HTML, link, picture, formula, entity, box to tick, or list of definitions (": " at a
# line's beginning, which nbconvert knows and JupyterLab does not).
MARKUP = re.compile(r"[<\[$\\&]|```|~~~|://|www\.|^[^\w\n]*:", re.M)
# A formula in a text: not what stands between the prices $5 and $6.
TEX = re.compile(r"\$\$[^$]{1,300}\$\$|\$(?=[^\s$])[^$\n]{1,300}(?<!\s)\$(?![\d$])")
FORMULA = re.compile('<span class="formula">(.*?)</span>', re.S)  # what `typed` makes of it
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
    return typed(source) if MARKUP.search(source) else source


def typed(source: str) -> str:
    """Markdown that shows a text as it was typed: HTML without a blank line, in which nothing has a meaning.

    The classes keep MathJax away from what stands between dollar signs. Formulas are marked, for a page that can set
    them without running anything (nbgrader/feedback_page.py).
    """
    escaped = html.escape(TEX.sub("\x02\\g<0>\x03", source))
    escaped = escaped.translate({ord(c): f"&#{ord(c)};" for c in "$\\`*_[]~"})
    lines = (re.sub("^ +| (?= )", lambda blank: "&nbsp;" * len(blank[0]), line) for line in escaped.split("\n"))
    shown = "<br>\n".join(lines).replace("\x02", '<span class="formula">').replace("\x03", "</span>")
    return f'<div class="tex2jax_ignore mathjax_ignore">\n{shown}\n</div>'


def prose(raw: dict[str, Any]) -> str:
    """A student's Markdown cell as Markdown: its text as `markdown` gives it, and the pictures pasted into it."""
    attached = raw["attachments"].value() if isinstance(raw.get("attachments"), Later) else None
    attached = attached if isinstance(attached, dict) else {}
    pieces, at = [], 0
    for found in PASTED.finditer(raw["source"]):
        name, kind, content = found.groups()
        files = {kind: content} if kind else attached.get(name)
        shown = [f"![](data:{kind};base64,{data})" for kind, data in pictures(files).items()] or [
            "[left out: a picture]"
        ]
        pieces += [markdown(raw["source"][at : found.start()]), shown[0]]
        at = found.end()
    return "\n\n".join(piece for piece in [*pieces, markdown(raw["source"][at:])] if piece.strip())


def cell(raw: dict[str, Any]) -> NotebookNode:
    """A student's cell, made anew. `raw` is a cell as `Notebook.cells` holds it."""
    if raw.get("cell_type") == "code":
        made = NotebookNode(id="cell", cell_type="code", execution_count=None, metadata=NotebookNode())
        made |= {"source": text(raw["source"], MAX_CODE), "outputs": outputs(raw.get("outputs"))}
        return plain_if_slow(made)
    return markdown_cell(prose(raw))


def markdown_cell(source: str) -> NotebookNode:
    """A Markdown cell; whoever makes a notebook of it gives the id. nbformat's own function would validate each."""
    return NotebookNode(id="cell", cell_type="markdown", metadata=NotebookNode(), source=source)


def plain_if_slow(code: NotebookNode) -> NotebookNode:
    """A code cell, shown without colours where these take too long: so nbconvert understands the field."""
    if SLOW.search(code.source):
        code.metadata["magics_language"] = "text"
    return code


def outputs(raw: Any) -> list[NotebookNode]:
    """What a cell's run left, as text and pictures. `raw` is `Later` or the list itself."""
    if isinstance(raw, Later) and (raw := raw.value()) is None:
        return [new_output("stream", name="stdout", text="[left out: too large to be shown]")]
    found = [output(one) for one in raw[:MAX_OUTPUTS] if isinstance(one, dict)] if isinstance(raw, list) else []
    return [one for one in found if one]


def output(raw: dict[str, Any]) -> NotebookNode | None:
    kind = KIND.get(raw["output_type"], raw["output_type"]) if isinstance(raw.get("output_type"), str) else None
    if kind == "stream":
        name = "stderr" if "stderr" in (raw.get("name"), raw.get("stream")) else "stdout"
        return new_output("stream", name=name, text=text(raw.get("text")))
    if kind == "error":
        lines = text(raw.get("traceback")).split("\n")
        return new_output("error", ename=text(raw.get("ename")), evalue=text(raw.get("evalue")), traceback=lines)
    data = raw.get("data", {new: raw[old] for old, new in OLD.items() if old in raw})
    if kind in ("display_data", "execute_result") and isinstance(data, dict):
        return new_output("display_data", bundle(data))
    return None


def bundle(data: dict[str, Any]) -> dict[str, str]:
    """The forms of one displayed thing that may be shown; a line that names the others where none is left."""
    kept = pictures(data)
    if said := text(data.get("text/plain")):
        kept["text/plain"] = said
    left_out = ", ".join(sorted(text(kind, 40) for kind in data if isinstance(kind, str)))
    return kept or {"text/plain": f"[left out: {text(left_out, 200)}]"}


def pictures(data: Any) -> dict[str, str]:
    """The pictures of a bundle of forms, by their kind, as base64."""
    data = data if isinstance(data, dict) else {}
    return {kind: shown for kind, magic in PICTURES.items() if (shown := picture(data.get(kind), magic))}


def picture(value: Any, magic: bytes) -> str | None:
    """Base64 of a picture's bytes when they begin as such a picture does and it is not too large, else None."""
    try:
        # validate=False: browsers skip what is no base64, and so do we; the picture is encoded anew from what is
        # left.
        content = base64.b64decode("".join(value) if isinstance(value, list) else value, validate=False)
    except (TypeError, ValueError, binascii.Error):
        return None
    if not content.startswith(magic) or len(content) > MAX_IMAGE or pixels(content) > MAX_PIXELS:
        return None
    return base64.b64encode(content).decode()


def pixels(content: bytes) -> int:
    """How many pixels a PNG or JPEG says it has; more than any picture has where its parts cannot be followed."""
    if content.startswith(PICTURES["image/png"]):
        # IHDR is always the first part: eight bytes of signature, length and name before it.
        width, height = struct.unpack(">II", content[16:24].ljust(8, b"\xff"))
        return width * height
    at = 2
    while segment := re.compile(rb"\xff+([\x01-\xfe])(..)", re.S).match(content, at):  # a JPEG's parts: mark, length
        kind, length = segment[1][0], int.from_bytes(segment[2])
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):  # the part that says the size
            height, width = struct.unpack(">HH", content[segment.end() + 1 : segment.end() + 5].ljust(4, b"\xff"))
            return width * height
        at = segment.end() - 2 + length
    return MAX_PIXELS + 1
