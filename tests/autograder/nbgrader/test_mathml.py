"""Protects formulas on pages: the notebook's own are set, and a student's TeX becomes no markup and costs no time."""

import re
import time
from xml.etree import ElementTree

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from latex2mathml import commands

from autograder.nbgrader.feedback_page import markdown
from autograder.nbgrader.formulas import ATTRIBUTES, ELEMENTS, LONGEST, in_mathml
from autograder.notebooks import sanitize as harmless
from tests.submissions.build import ROOT

NAMES = sorted({value for value in vars(commands).values() if isinstance(value, str)})
PIECES = st.sampled_from([*NAMES, *"{}[]&^_%$|'<>\"x1 =\n", "\\\\", "{x}", "&lt;", "<script>", "]]>", "-->"])


def test_every_formula_of_the_notebook_is_set():
    notebook = nbformat.read(ROOT / "source" / "gpt2" / "gpt2.ipynb", as_version=4)
    page = "".join(markdown(cell.source) for cell in notebook.cells if cell.cell_type == "markdown")
    assert page.count("<math") > 20 and "$" not in page
    assert "<mi>softmax</mi>" in page and "<mtable" in page  # one word; one table
    texts = [text for text in re.findall(r"<m[ino]>([^<]*)</m", page) if "\\" in text or text == "&amp;"]
    assert not texts, "what the converter did not know"


@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_tex_is_mathml_s_own_elements_or_what_was_typed(tex):
    made = ElementTree.fromstring(in_mathml(tex))
    if made.tag == "code":
        assert "".join(made.itertext()) == tex.strip() or not tex.isprintable()
        return
    for element in made.iter():
        assert element.tag in ELEMENTS
        assert set(element.attrib) <= {*ATTRIBUTES, "alttext", "tabindex"}


@pytest.mark.parametrize(
    "tex", [r"\newcommand{\a}{\b\b}", r"\def\a{\a\a}\a", "{" * 400, r"\sqrt" * 200, r"\frac", "x" * 2000]
)
def test_what_cannot_be_set_stays_as_it_was_typed(tex):
    assert in_mathml(tex) == f"<code>{tex}</code>"


@pytest.mark.parametrize(
    "tex", [r"\rule{99em}{99em}", r"\style{position:fixed}{x}", r"\hspace{99em}", r"\class{screen}{x}"]
)
def test_nothing_covers_the_page_or_takes_on_its_style(tex):
    made = re.sub(r'alttext="[^"]*"', "", in_mathml(tex))
    assert "99" not in made and "fixed" not in made and "screen" not in made


@pytest.mark.parametrize("unit", [".'^{", "[.", "}$", "^", "x_", r"\begin{array}{|", r"\left(", r"\text{", "'"])
def test_a_long_formula_takes_a_short_time(unit):
    began = time.perf_counter()
    in_mathml((unit * LONGEST)[:LONGEST])
    assert time.perf_counter() - began < 2


def test_a_student_s_formulas_are_set_and_their_prices_are_not():
    page = markdown(harmless.markdown("It is $e^{x_i} < 1$ and\n\n$$\n\\frac{a}{b}\n$$\nfor $5 and $6, <b>not</b>"))
    assert page.count("<math") == 2 and 'display="block"' in page
    assert "for &#36;5 and &#36;6, &lt;b&gt;not" in page


def test_a_student_cannot_mark_a_formula_themselves():
    page = markdown(harmless.markdown('<span class="formula">$\\text{<img src=x>}$</span>'))
    assert "<img" not in page and page.count("<math") == 1
