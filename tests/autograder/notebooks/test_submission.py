"""Protects how a notebook is read: what runs is the student's, in order, and no metadata of theirs decides anything."""

import json

import pytest

from autograder.errors import UsageError
from autograder.notebooks.opening import Unreadable, open_notebook
from autograder.notebooks.submission import (
    MAX_CODE,
    MAX_NOTE,
    MAX_NOTES,
    Release,
    belongs,
    normal,
    read,
    shortened,
    worked_on,
)
from autograder.settings import Settings


def code(source, grade_id=None, tags=(), **nbgrader):
    metadata = {"tags": list(tags)}
    if grade_id:
        metadata["nbgrader"] = {"grade_id": grade_id, "grade": False, "solution": False, **nbgrader}
    return {"cell_type": "code", "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


def write(path, cells):
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))
    return path


SETUP = code("import numpy as np", tags=["setup"])
PLOTS = code("import matplotlib")
STUB = code("def softmax(x):\n    raise NotImplementedError()", "softmax", solution=True)
TEST = code("check(softmax)", "test_softmax", grade=True, points=10)
ANSWER = code("def softmax(x):\n    return x", "softmax", solution=True)


@pytest.fixture
def release(tmp_path):
    return Release.from_notebook(write(tmp_path / "gpt2.ipynb", [SETUP, PLOTS, STUB, TEST]))


def ran(tmp_path, release, *cells):
    work = read(open_notebook(write(tmp_path / "work.ipynb", list(cells))), release)
    return [(c.where, c.source) for c in work.cells], work.notes


def test_release_says_points_and_solutions(release):
    assert release.points == {"softmax": 10.0}
    assert release.solutions == ("softmax",)
    assert release.setup == ("import numpy as np",)


def test_an_assignment_that_was_never_released_says_how_to_make_its_release():
    with pytest.raises(UsageError, match="is missing: make it with `autograder release`"):
        Release.of(Settings(assignment="bert"))
    assert Release.of(Settings()).name == "gpt2"


def test_runs_setup_and_what_is_not_in_the_release(tmp_path, release):
    extra = code("helper = 1")
    cells, notes = ran(tmp_path, release, SETUP, PLOTS, extra, ANSWER, TEST)
    assert cells == [
        ("cell 1", "import numpy as np"),
        ("cell 3", "helper = 1"),
        ("softmax", ANSWER["source"]),
    ]
    assert notes == []


def test_untouched_stub_does_not_run(tmp_path, release):
    assert ran(tmp_path, release, SETUP, STUB, TEST)[0] == [("cell 1", "import numpy as np")]


@pytest.mark.parametrize(
    ("cells", "untouched"),
    [
        ([SETUP, STUB, TEST], {"softmax"}),
        ([SETUP, ANSWER, TEST], set()),
        ([SETUP, STUB, code(ANSWER["source"]), TEST], set()),  # written, though elsewhere
        ([SETUP, code(STUB["source"]), TEST], set()),  # without its grade_id nobody can tell whose stub it is
    ],
    ids=["stub", "written", "written elsewhere", "renamed"],
)
def test_an_exercise_is_untouched_while_its_stub_is_all_that_there_is(tmp_path, release, cells, untouched):
    assert read(open_notebook(write(tmp_path / "work.ipynb", cells)), release).untouched == untouched


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_what_a_student_wrote_in_words_does_not_run(tmp_path, release, kind):
    words = {"cell_type": kind, "metadata": {}, "source": "softmax = None"}
    cells, _ = ran(tmp_path, release, SETUP, ANSWER, words, TEST)
    assert [source for _, source in cells] == ["import numpy as np", ANSWER["source"]]


def test_cells_without_a_statement_do_not_run(tmp_path, release):
    odd = [code(source) for source in ("", " \n", "# a remark\n\n  # and one", "'a text'", "x =")]
    cells, _ = ran(tmp_path, release, SETUP, STUB, TEST, *odd)
    assert [source for _, source in cells[1:]] == ["'a text'", "x ="]


def test_a_cell_is_named_after_the_first_exercise_that_it_defines(tmp_path):
    """An error in it is told under this name."""
    other = code("def attention(q): ...", "attention", solution=True)
    release = Release.from_notebook(write(tmp_path / "gpt2.ipynb", [SETUP, STUB, other]))
    both = code("def shift(x): return x\ndef attention(q): return q\ndef softmax(x): return x")
    cells, _ = ran(tmp_path, release, SETUP, STUB, other, both)
    assert cells[1:] == [("attention", both["source"])]


def test_deleted_setup_cell_runs_all_the_same(tmp_path, release):
    cells, notes = ran(tmp_path, release, ANSWER, TEST)
    assert cells[0] == ("setup", "import numpy as np")
    assert any("setup cell" in n for n in notes)


def test_a_setup_cell_that_was_joined_to_another_is_not_missed(tmp_path, release):
    cells, notes = ran(tmp_path, release, code("import math\nimport numpy as np"), ANSWER, TEST)
    assert cells[0] == ("setup", "import numpy as np") and notes == []


def test_forged_metadata_changes_nothing_but_the_notes(tmp_path, release):
    retagged = code(ANSWER["source"], "test_softmax", grade=True, points=1000)
    cells, notes = ran(tmp_path, release, SETUP, retagged, code("1 + 1", "unheard_of"))
    assert ("softmax", ANSWER["source"]) in cells
    assert any("test_softmax" in n for n in notes)
    assert any("softmax is missing" in n for n in notes)


def test_edited_test_cell_does_not_run(tmp_path, release):
    cells, notes = ran(tmp_path, release, SETUP, ANSWER, code("print('mine')", "test_softmax"))
    assert all("mine" not in source for _, source in cells)
    assert any("was edited" in n for n in notes)


def test_what_follows_an_edited_test_cell_runs(tmp_path, release):
    cells, _ = ran(tmp_path, release, SETUP, code("check(print)", "test_softmax", grade=True, points=10), ANSWER)
    assert cells == [("cell 1", "import numpy as np"), ("softmax", ANSWER["source"])]


def test_the_question_of_a_written_answer_is_the_cell_before_it(tmp_path):
    words = {"cell_type": "markdown", "metadata": {}, "source": "Why does softmax subtract the maximum?"}
    answer = {**words, "source": "...", "metadata": {"nbgrader": {"grade_id": "why", "grade": True, "solution": True}}}
    release = Release.from_notebook(write(tmp_path / "gpt2.ipynb", [SETUP, words, answer, STUB, TEST]))
    assert release.written == {"why": words["source"]} and release.solutions == ("softmax",)


@pytest.mark.parametrize("more", [0, 1, 57])
def test_notes_are_as_many_as_a_person_reads_and_the_rest_is_counted(more):
    notes = [f"Note {i}." for i in range(MAX_NOTES + more)]
    kept = shortened(notes)
    assert len(kept) == MAX_NOTES
    assert kept[-1] == (f"... and {more + 1} more notes." if more else notes[-1])


@pytest.mark.parametrize(("long", "kept"), [(MAX_NOTE, MAX_NOTE), (MAX_NOTE + 1, MAX_NOTE - 4)])
def test_a_note_is_cut_where_a_person_would_stop_reading_and_shows_that(long, kept):
    note = "ä" * long
    assert shortened([note, note]) == [note[:kept] + (" ..." if kept < long else "")]


def test_answer_turned_into_markdown_is_read_as_code(tmp_path, release):
    cells, _ = ran(tmp_path, release, SETUP, {**ANSWER, "cell_type": "markdown"}, TEST)
    assert ("softmax", ANSWER["source"]) in cells


def test_line_ends_do_not_make_a_cell_the_students(tmp_path, release):
    cells, _ = ran(tmp_path, release, code("import matplotlib  \r\n"), ANSWER, TEST)
    assert all("matplotlib" not in source for _, source in cells)
    assert normal("a \r\nb\n") == "a\nb"


def test_a_megabyte_of_code_is_refused(tmp_path, release):
    with pytest.raises(Unreadable, match="more than 1 MB of code"):
        ran(tmp_path, release, ANSWER, code("x = '" + "a" * MAX_CODE + "'"))


@pytest.mark.parametrize(
    ("cell", "ours"),
    [(ANSWER, True), ({**PLOTS, "metadata": {}}, True), (code("x = 1"), False), (code(""), False)],
)
def test_one_cell_of_the_release_by_name_or_by_content_makes_it_this_assignments(tmp_path, release, cell, ours):
    assert belongs(open_notebook(write(tmp_path / "work.ipynb", [cell])), release) == ours


def test_a_notebook_of_another_course_is_not_graded_unless_it_holds_an_answer(tmp_path, release):
    with pytest.raises(Unreadable, match="is not a notebook of the assignment gpt2"):
        ran(tmp_path, release, code("x = 1"), code("y = 2"))
    cells, _ = ran(tmp_path, release, code("x = 1"), code(ANSWER["source"]))  # copied into a new notebook by hand
    assert ("softmax", ANSWER["source"]) in cells


@pytest.mark.parametrize(
    ("cell", "own"), [(STUB, False), (code(" \n"), False), (code("import matplotlib\n"), False), (ANSWER, True)]
)
def test_a_notebook_was_worked_on_when_a_cell_says_what_the_release_does_not(tmp_path, release, cell, own):
    assert worked_on(open_notebook(write(tmp_path / "work.ipynb", [SETUP, cell])), release) == own
