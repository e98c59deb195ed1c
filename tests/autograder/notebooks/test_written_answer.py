"""Protects the written answer: whatever became of its cell, what the student wrote reaches the person who grades it."""

import json

import pytest

from autograder.grading.grader import released
from autograder.notebooks.opening import Notebook
from autograder.notebooks.written_answer import written
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
    return cells, written(cells, released()).get("compare_sampling")


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
