"""Protects a class's pages from one notebook: what is shown takes a time that grows with its length, not its square."""

import time

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter

from autograder.nbgrader.exporter import made_anew
from autograder.nbgrader.feedback_page import FeedbackPage
from autograder.notebooks import sanitize
from autograder.notebooks.submission import Release
from autograder.settings import Settings

UNITS = [" \n", "\n", "\t\n", "a.", "a = 1\n" + " \n" * 99, "@\t", "(", "'", '"""\n', "f'{", "\\\n", "%%a\n", "é", "1_"]

SHOWN = {"assignment": "gpt2", "student": "eve", "score": 0, "max_score": 100, "late_penalty": 0}


def page_of(sources: list[str], maker=HTMLExporter) -> tuple[str, float]:
    """The page of a notebook with these cells, and the seconds that it took."""
    path = Settings().release
    theirs = [{"cell_type": "code", "source": s, "metadata": {"nbgrader": {}}, "outputs": []} for s in sources]
    nb = made_anew(nbformat.read(path, as_version=4), Release.of(Settings()), theirs)
    began = time.perf_counter()
    page, _ = maker().from_notebook_node(nb, {"nbgrader": SHOWN})
    return page, time.perf_counter() - began


@pytest.mark.parametrize("maker", [HTMLExporter, FeedbackPage])
def test_cells_of_blank_lines_are_a_page(maker):
    page, seconds = page_of([f"a = {i}" + " \n" * 9990 + f"b = {i}" for i in range(20)], maker)
    assert "b = 19" in page
    assert seconds < 20  # five for each of the cells with colours


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: ascii(unit[:9]))
def test_twice_the_length_takes_twice_the_time(unit):
    """Of code around a unit that is repeated; the least of three, since the machine is shared."""
    times = []
    for length in (3_000, 12_000):
        source = "a = 1\n" + unit * (length // len(unit)) + "\nb = 2"
        times.append(min(page_of([source])[1] for _ in range(2)))
    assert times[1] < 8 * times[0] + 1, times


def test_short_code_keeps_its_colours():
    page, _ = page_of(["def softmax(x):\n    return x  # a comment"])
    assert '<span class="k">def</span>' in page


def test_a_students_metadata_choose_no_highlighter():
    raw = {"cell_type": "code", "source": "x = 1", "metadata": {"magics_language": "html"}, "outputs": []}
    assert "magics_language" not in sanitize.cell(raw).metadata


@pytest.mark.parametrize("address", ["http://a.example/x", "https://a.example", "www.a.example"])
def test_a_bare_address_becomes_no_link(address):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(sanitize.markdown(f"See {address} there."))])
    page, _ = HTMLExporter().from_notebook_node(nb)
    assert address in page and f'href="{address}' not in page and f'href="http://{address}' not in page
