"""Protects how a notebook is read: what runs is the student's, in order, and no metadata of theirs decides anything."""

import json
import os

import pytest

from autograder.notebooks.submission import MAX_CODE, Release, Unreadable, normal, read, without_magics


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
    work = read(write(tmp_path / "work.ipynb", list(cells)), release)
    return [(c.where, c.source) for c in work.cells], work.notes


def test_release_says_points_and_solutions(release):
    assert release.points == {"softmax": 10.0}
    assert release.solutions == ("softmax",)
    assert release.setup == ("import numpy as np",)


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


def test_deleted_setup_cell_runs_all_the_same(tmp_path, release):
    cells, notes = ran(tmp_path, release, ANSWER, TEST)
    assert cells[0] == ("setup", "import numpy as np")
    assert any("setup cell" in n for n in notes)


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


def test_answer_turned_into_markdown_is_read_as_code(tmp_path, release):
    cells, _ = ran(tmp_path, release, SETUP, {**ANSWER, "cell_type": "markdown"}, TEST)
    assert ("softmax", ANSWER["source"]) in cells


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("%matplotlib inline\nx = 1", "pass\nx = 1"),
        ("if True:\n    !ls\n    x = 1", "if True:\n    pass\n    x = 1"),
        ("%%time\nx = 1", "\nx = 1"),
        ("%%bash\nrm -rf x", ""),
        ("files = !ls\nx = 1", "pass\nx = 1"),
        ("softmax?", "pass"),
        ("x = (7\n  % 3)", "x = (7\n  % 3)"),
    ],
)
def test_magics_are_dropped_and_line_numbers_kept(source, kept):
    assert without_magics(source, "cell 1", []) == kept


def test_line_ends_do_not_make_a_cell_the_students(tmp_path, release):
    cells, _ = ran(tmp_path, release, code("import matplotlib  \r\n"), ANSWER, TEST)
    assert all("matplotlib" not in source for _, source in cells)
    assert normal("a \r\nb\n") == "a\nb"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"\xff\xfe\x00", "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b"[]", "not a notebook"),
        (b'{"cells": 3}', "not a notebook"),
        (b'{"cells": []}', "not a notebook of the assignment"),
        (b'{"cells": [1, null, {"source": [2]}, {"source": {}}]}', "not a notebook of the assignment"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(tmp_path, release, content, says):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=says) as error:
        read(path, release)
    assert "\n" not in str(error.value)


def test_links_and_pipes_are_not_followed(tmp_path, release):
    (tmp_path / "link.ipynb").symlink_to(write(tmp_path / "other.ipynb", [ANSWER]))
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name in ("link.ipynb", "pipe.ipynb"):
        with pytest.raises(Unreadable, match="not a regular file"):
            read(tmp_path / name, release)


def test_a_megabyte_of_code_is_refused(tmp_path, release):
    with pytest.raises(Unreadable, match="of code"):
        ran(tmp_path, release, ANSWER, code("x = '" + "a" * MAX_CODE + "'"))
