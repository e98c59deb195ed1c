"""Protects the written answer: whatever became of its cell, what the student wrote reaches the person who grades it."""

import json

import nbformat
import pytest

from autograder.nbgrader.exporter import made_anew
from autograder.notebooks.opening import Notebook
from autograder.notebooks.submission import Release
from autograder.notebooks.written_answer import UNSURE as UNSURE_LINE
from autograder.notebooks.written_answer import in_words, written
from autograder.settings import Settings
from tests.submissions.build import find, start

SAID = "Greedy text repeats itself, for the same contexts give the same words."


def prose(source, kind="markdown", **metadata):
    return {"cell_type": kind, "source": source, "metadata": metadata}


def edited(nb):
    nb["cells"][find(nb, "compare_sampling")]["source"] = SAID


def new_cell_below(nb):
    nb["cells"].insert(find(nb, "compare_sampling") + 1, prose(SAID))


def at_the_end(nb):
    nb["cells"] += [prose("   "), prose(SAID)]


def metadata_gone(nb):
    edited(nb)
    for cell in nb["cells"]:
        cell["metadata"] = {}


def made_again(nb):
    place = find(nb, "compare_sampling")
    nb["cells"][place] = prose(SAID)


def raw_cell(nb):
    made_again(nb)
    nb["cells"][-1]["cell_type"] = "raw"


def other_kind(nb):
    edited(nb)
    nb["cells"][find(nb, "compare_sampling")]["cell_type"] = "code"


def in_a_code_cell(nb):
    nb["cells"].append(prose(SAID, "code"))


def in_comments(nb):
    nb["cells"].append(prose(f"# {SAID}", "code"))


def question_edited(nb):
    place = find(nb, "compare_sampling")
    nb["cells"][place - 1]["source"] = "My comparison"
    nb["cells"].append(prose(SAID))


def above_the_question(nb):
    nb["cells"].insert(find(nb, "compare_sampling") - 1, prose(SAID))


SURE = [edited, new_cell_below, at_the_end, metadata_gone, made_again, raw_cell, other_kind]
UNSURE = [in_a_code_cell, in_comments, question_edited, above_the_question]


def found(change):
    nb = start("solution")
    nb["cells"][find(nb, "compare_sampling")]["source"] = "*Your answer here.*"
    change(nb)
    cells = Notebook.from_bytes("gpt2.ipynb", json.dumps(nb).encode()).cells
    return cells, written(cells, Release.of(Settings())).get("compare_sampling")


@pytest.mark.parametrize("change", [*SURE, *UNSURE])
def test_what_was_written_is_found_wherever_it_stands(change):
    cells, answer = found(change)
    assert any(SAID in cells[place]["source"] for place in answer.places)
    assert answer.sure is (change in SURE)


def test_nothing_written_is_no_answer():
    assert found(lambda nb: nb["cells"].append({"cell_type": "code", "source": "x = 1"}))[1] is None


def test_an_answer_in_several_cells_is_whole():
    cells, answer = found(lambda nb: nb["cells"].extend([prose("One."), prose("x = 1", "code"), prose("Two.")]))
    assert [cells[place]["source"] for place in answer.places] == ["One.", "Two."] and answer.sure


@pytest.mark.parametrize("change", [*SURE, *UNSURE])
def test_it_stands_in_nbgraders_cell_once_and_is_not_the_released_one(change):
    cells, _ = found(change)
    nb = made_anew(nbformat.read(Settings().release, as_version=4), Release.of(Settings()), cells)
    (answer,) = [cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "compare_sampling"]
    assert answer.cell_type == "markdown" and SAID in answer.source
    assert (UNSURE_LINE in answer.source) is (change in UNSURE)
    assert sum(SAID in cell.source for cell in nb.cells) == 1
    nbformat.validate(nb)


def test_nothing_written_leaves_the_released_cell():
    cells, _ = found(lambda nb: None)
    nb = made_anew(nbformat.read(Settings().release, as_version=4), Release.of(Settings()), cells)
    assert [c.source for c in nb.cells if c.metadata.get("nbgrader", {}).get("grade_id") == "compare_sampling"] == [
        "*Your answer here.*"
    ]


def test_of_two_copies_of_the_cell_the_last_edited_one_is_the_answer():
    nb = start("release")
    place = find(nb, "compare_sampling")
    for i, said in enumerate((f"First: {SAID}", SAID)):
        nb["cells"].insert(place + i, {**nb["cells"][place + i], "source": said})
    cells = Notebook.from_bytes("work.ipynb", json.dumps(nb).encode()).cells
    found = written(cells, Release.of(Settings()))["compare_sampling"]
    assert (found.places, found.sure) == ([place + 1], True)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("one two three four five six seven eight", False),
        ("one two three four five six seven eight nine", True),
        ("# a comment", True),
        ("'a text'", True),
        ("'a text'\nx = 1", False),
        ("x", False),
    ],
)
def test_a_code_cell_of_words_holds_no_code(source, words):
    assert in_words(source) == words
