"""Protects graders and classmates from what students leave in notebooks: text and pictures pass, nothing else does."""

import base64
import html
import json
import re
import struct

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbconvert.filters import ansi2html, markdown2html

from autograder.notebooks import sanitize
from autograder.notebooks.opening import Notebook

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()
SCRIPT = "<img src=x onerror=alert(1)><script>alert(1)</script>"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
outputs = st.fixed_dictionaries(
    {"output_type": st.sampled_from(["stream", "error", "display_data", "execute_result", "update_display_data"])},
    optional=dict.fromkeys(["data", "text", "name", "traceback", "ename", "evalue", "metadata"], json_values),
)


def shown(**data) -> dict:
    return {"output_type": "display_data", "data": data, "metadata": {"image/png": {"width": '"><script>'}}}


@pytest.mark.parametrize(
    "kind",
    [
        "text/html",
        "image/svg+xml",
        "application/javascript",
        "text/markdown",
        "text/latex",
        "TEXT/HTML",
        "application/pdf",
    ],
)
def test_what_could_carry_a_script_is_left_out_and_named(kind):
    (output,) = sanitize.outputs([shown(**{kind: SCRIPT})])
    assert output.data == {"text/plain": f"[left out: {kind}]"}


def test_plain_text_and_pictures_stay_without_their_metadata():
    (output,) = sanitize.outputs([shown(**{"text/plain": "3.0", "image/png": PNG, "text/html": SCRIPT})])
    assert output.data == {"text/plain": "3.0", "image/png": PNG}
    assert output.metadata == {}


@pytest.mark.parametrize(
    "forged", ['x"><script>alert(1)</script>', PNG + '"><script>', base64.b64encode(b"<svg>").decode()]
)
def test_a_picture_must_be_a_picture(forged):
    (output,) = sanitize.outputs([shown(**{"image/png": forged})])
    assert "<" not in output.data.get("image/png", "")
    assert output.data.get("image/png", PNG).startswith("iVBOR")


@given(st.lists(outputs, max_size=4) | json_values)
def test_any_outputs_become_valid_ones(raw):
    cell = sanitize.cell({"cell_type": "code", "source": "1", "outputs": raw})
    nbformat.validate(nbformat.v4.new_notebook(cells=[cell]))
    nbformat.writes(nbformat.v4.new_notebook(cells=[cell])).encode("utf-8")


def markup(page: str) -> set[str]:
    return {tag.lower() for tag in re.findall(r"<\s*/?\s*([^\s>/]+)", page)}


PROSE = {"p", "em", "strong", "ul", "ol", "li", "pre", "code", "div", "span", "blockquote", "hr", "br", "table"}
PROSE |= {"thead", "tbody", "tr", "th", "td", "del", "h1", "h2", "h3", "h4", "h5", "h6", "a"}


def hold(source: str) -> None:
    """Rendered as nbgrader's pages render it, the source gives no tag but prose, no handler and no foreign address."""
    page = markdown2html(sanitize.markdown(source))
    assert markup(page) <= PROSE, page
    assert not re.search(r"<[^>]*\s(on\w+|style|src)\s*=", page), page
    assert all(url.startswith(("#", "http://", "https://")) for url in re.findall(r'href="([^"]*)"', page)), page


@pytest.mark.parametrize(
    "source",
    [
        SCRIPT,
        "[x](javascript:alert(1))",
        "[x]: javascript:alert(1)\n\n[x]",
        "<javascript:alert(1)>",
        "![x](data:text/html,<script>alert(1)</script>)",
        r"$\href{javascript:alert(1)}{x}$",
        "```html\n" + SCRIPT + "\n```",
        "```\n````\n" + SCRIPT,
        "~~~mermaid\nclick a javascript:alert(1)\n~~~",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "    " + SCRIPT,
        "| a | b |\n| - | - |\n| <iframe src='javascript:alert(1)'> | x |",
        "#" + SCRIPT,
        "a term\n: its definition",
        "a term\n\n>  : its definition",
    ],
)
def test_markdown_runs_nothing(source):
    hold(source)


@example("1\n: ")
@given(st.text(st.sampled_from("<>[]()`~$\\&#*_-|:!\"'=/ \n\tajx1\u202e\ud800"), max_size=60))
def test_no_markdown_runs_anything(source):
    hold(source)


def test_plain_prose_is_still_rendered():
    assert "<em>repeats</em>" in markdown2html(sanitize.markdown("Greedy text *repeats* itself."))


def test_a_colon_in_prose_is_no_definition():
    assert "<p>It repeats itself: <em>greedy</em>" in markdown2html(sanitize.markdown("It repeats itself: *greedy*"))


def test_a_traceback_is_text():
    raw = {"output_type": "error", "ename": SCRIPT, "evalue": SCRIPT, "traceback": [f"\x1b[31m{SCRIPT}\x1b[0m"]}
    (output,) = sanitize.outputs([raw])
    assert "<script" not in ansi2html("\n".join(output.traceback))


def test_a_flood_is_cut():
    cell = sanitize.cell(
        {"cell_type": "code", "source": "x" * 10**6, "outputs": [shown(**{"text/plain": "y" * 10**6})] * 500}
    )
    assert len(nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))) < 10**6


def cell_with(source, **files):
    """A Markdown cell as it is opened from a file."""
    raw = {"cell_type": "markdown", "source": source, "attachments": files}
    return Notebook.from_bytes("a", json.dumps({"cells": [raw]}).encode()).cells[0]


JPEG = base64.b64encode(
    b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x10\x00\x20\x01\x01\x11\x00\xff\xda"
).decode()


@pytest.mark.parametrize(("kind", "content"), [("image/png", PNG), ("image/jpeg", JPEG)])
def test_a_pasted_picture_passes_in_its_place(kind, content):
    attached = cell_with("One\n\n![a.png](attachment:a.png)\n\ntwo $x$", **{"a.png": {kind: content}})
    inline = cell_with(f"One ![a](data:{kind};base64,{content}) two $x$")
    for cell in (attached, inline):
        page = markdown2html(sanitize.cell(cell).source)
        assert page.index("One") < page.index(f'src="data:{kind};base64,{content}"') < page.index("two")


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"a.png": {"image/svg+xml": SCRIPT}},
        {"a.png": {"image/png": SCRIPT}},
        {"a.png": [1]},
        {"a.png": {"image/png": [1]}},
    ],
)
def test_a_pasted_picture_must_be_one(files):
    hold(sanitize.cell(cell_with(f"![a.png](attachment:a.png) {SCRIPT}", **files)).source)


def png(width, height):
    return base64.b64encode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + bytes(9)).decode()


def test_a_picture_of_absurd_size_is_left_out():
    assert sanitize.pictures({"image/png": png(4000, 3000)})
    assert not sanitize.pictures({"image/png": png(30_000, 30_000)})
    large = base64.b64encode(base64.b64decode(JPEG).replace(b"\x00\x10\x00\x20", b"\x75\x30\x75\x30")).decode()
    assert sanitize.pictures({"image/jpeg": JPEG}) and not sanitize.pictures({"image/jpeg": large})
    unclear = base64.b64encode(b"\xff\xd8\xff\xe0\x00\x04abgarbage").decode()
    assert not sanitize.pictures({"image/jpeg": unclear})


TYPED = "For $n = 1$ it is greedy: a < b, x[0], C:\\new, `code`\n\n- *one*\n    two  blanks & all"


def test_what_markdown_would_change_is_shown_as_it_was_typed():
    page = markdown2html(sanitize.markdown(TYPED))
    shown = html.unescape(re.sub(r"<[^>]+>", "", page.replace("<br>\n", "\n"))).replace("\xa0", " ")
    assert shown.strip() == TYPED and "<pre" not in page and "mathjax_ignore" in page


@given(st.text(st.sampled_from("<>[]()`~$\\&#*_-|:!\"'=/ \n\tajx1"), max_size=60).filter(lambda s: "$" in s))
def test_any_text_with_markup_is_shown_as_it_was_typed(source):
    page = markdown2html(sanitize.markdown(source))
    shown = html.unescape(re.sub(r"<[^>]+>", "", page.replace("<br>\n", "\n"))).replace("\xa0", " ")
    assert shown.strip() == source.strip()


def test_outputs_of_format_3_are_shown():
    old = [
        {"output_type": "pyout", "png": PNG, "text": ["3"]},
        {"output_type": "stream", "stream": "stderr", "text": "no"},
    ]
    picture, stream = sanitize.outputs([*old])
    assert picture.data == {"image/png": PNG, "text/plain": "3"} and stream.name == "stderr"
