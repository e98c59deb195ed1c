"""Protects how a file becomes cells: what can be read is read, what cannot says what it is, and none costs much."""

import contextlib
import hashlib
import json
import os
import zipfile

import pytest

from autograder.errors import CannotGrade
from autograder.notebooks import opening
from autograder.notebooks.opening import Notebook, Unreadable, open_notebook

M = 2**20
PNG = {"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo=" * 50_000}}
CELLS = [
    {"cell_type": "code", "source": ["x = 'é'\n", "y = 1"], "metadata": {}, "outputs": [PNG]},
    {"cell_type": "markdown", "source": "![a](attachment:a.png)", "attachments": {"a.png": {"image/png": "iVBO"}}},
]
NOTEBOOK = {"cells": CELLS, "metadata": {"deep": {"outputs": [1]}}, "nbformat": 4, "nbformat_minor": 5}
TEXT = json.dumps(NOTEBOOK, ensure_ascii=False, indent=1)


@pytest.mark.parametrize(
    ("encoding", "mark", "note"),
    [
        ("utf-8", b"", None),
        ("utf-8", b"\xef\xbb\xbf", "byte-order mark"),
        ("utf-16", b"", "UTF-16"),
        ("utf-16-le", b"", "UTF-16"),
        ("utf-16-be", b"\xfe\xff", "UTF-16"),
        ("latin-1", b"", "Latin-1"),
    ],
)
def test_encodings_are_read_and_noted(encoding, mark, note):
    content = mark + TEXT.encode(encoding)
    notebook = Notebook.from_bytes("gpt2.ipynb", content)
    assert [cell["source"] for cell in notebook.cells] == ["x = 'é'\ny = 1", CELLS[1]["source"]]
    assert notebook.digest == hashlib.sha256(content).hexdigest()
    assert notebook.cells[0]["outputs"].value() == [PNG] and notebook.cells[1]["attachments"].value()["a.png"]
    assert (note in notebook.notes[0]) if note else not notebook.notes


def test_format_3_is_read_and_noted():
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1", "outputs": []}, CELLS[1]]}], "nbformat": 3}
    notebook = Notebook.from_bytes("gpt2.ipynb", json.dumps(old).encode())
    assert [cell["source"] for cell in notebook.cells] == ["x = 1", CELLS[1]["source"]]
    assert "format 3" in notebook.notes[0]


def word(path, name="word/document.xml"):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        ("zip", "is a zip file"),
        ("word", "Word document"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "binary file"),
        (b"# my answer\nimport numpy as np\n", "Python program"),
        (b"hello", "is a text, but no notebook"),
        (b"[1, 2]", "no list of cells"),
        (b'{"a": 1}', "no list of cells"),
        (b'{"cells": 3}', "no list of cells"),
        (b'{"cells": [\n<<<<<<< HEAD\n]}', "merge conflict"),
        (b'{"cells": [\n{"source": "x"},\n]}', "comma too many in line 2"),
        (b'{"cells": [{"source": "x",}]}', "comma too many in line 1"),
        (b'{"cells": [{"outputs": [{"a": 1}], "source": "x"}\n\n,]}', "comma too many in line 3"),
        (b'{"cells": [{"source": x}]}', "damaged in line 1"),
        (b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "brackets too deep"),
        (b'{"cells": [' + b"1" * 10_000 + b"]}", "numbers too long"),
    ],
)
def test_what_cannot_be_read_says_what_it_is_in_one_line(tmp_path, content, says):
    if isinstance(content, str):
        content = word(tmp_path / "a.zip", "word/document.xml" if content == "word" else "gpt2.ipynb")
    with pytest.raises(Unreadable, match=says) as error:
        Notebook.from_bytes("gpt2.ipynb", content)
    assert str(error.value).startswith("gpt2.ipynb ") and "\n" not in str(error.value)


def test_half_a_file_is_called_so_wherever_it_ends():
    content = json.dumps(NOTEBOOK, ensure_ascii=False).encode()
    for end in [*range(2, 200), *range(len(content) - 200, len(content) - 1)]:
        with pytest.raises(Unreadable, match="only the first part"):
            Notebook.from_bytes("gpt2.ipynb", content[:end])


def test_links_pipes_folders_and_missing_files_are_not_opened(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "gpt2.ipynb").write_text(TEXT)
    (tmp_path / "link.ipynb").symlink_to("real/gpt2.ipynb")
    (tmp_path / "folder").symlink_to("real")
    os.mkfifo(tmp_path / "pipe.ipynb")
    for name in ("link.ipynb", "pipe.ipynb", "real"):
        with pytest.raises(Unreadable, match="not a regular file"):
            open_notebook(tmp_path / name)
    with pytest.raises(Unreadable, match="is not there"):
        open_notebook(tmp_path / "nothing.ipynb")
    assert open_notebook(tmp_path / "real" / "gpt2.ipynb", below=tmp_path).cells
    with pytest.raises(Unreadable, match="not a regular file"):
        open_notebook(tmp_path / "folder" / "gpt2.ipynb", below=tmp_path)


def test_every_folder_below_the_given_one_is_looked_at(tmp_path):
    """A link is refused wherever it stands, and leads nowhere; what lies above is the grader's own."""
    inner = tmp_path / "course" / "ann" / "gpt2"
    inner.mkdir(parents=True)
    for folder in (tmp_path / "course", inner):
        (folder / "gpt2.ipynb").write_text(TEXT)
        assert open_notebook(folder / "gpt2.ipynb", below=tmp_path / "course").cells
    (tmp_path / "above").symlink_to("course")
    assert open_notebook(tmp_path / "above" / "ann" / "gpt2" / "gpt2.ipynb", below=tmp_path / "above").cells
    (inner.parent / "last").symlink_to("gpt2")
    (tmp_path / "course" / "first").symlink_to("ann")
    for name in ("ann/last/gpt2.ipynb", "first/gpt2/gpt2.ipynb"):
        with pytest.raises(Unreadable, match="not a regular file"):
            open_notebook(tmp_path / "course" / name, below=tmp_path / "course")


def test_no_descriptor_is_left_open_whatever_happens(tmp_path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "gpt2.ipynb").write_text(TEXT)
    before = os.open("/", os.O_RDONLY)  # the lowest number that is free
    os.close(before)
    for name in ("gpt2.ipynb", "nothing.ipynb", "none/gpt2.ipynb"):
        for _ in range(3):
            with contextlib.suppress(Unreadable):
                open_notebook(folder / name, below=tmp_path)
    after = os.open("/", os.O_RDONLY)
    os.close(after)
    assert after == before


def test_what_the_machine_does_wrong_is_no_fault_of_the_students(tmp_path, monkeypatch):
    (tmp_path / "gpt2.ipynb").write_text(TEXT)
    monkeypatch.setattr(opening.os, "open", lambda *_, **__: (_ for _ in ()).throw(PermissionError(13, "Denied")))
    with pytest.raises(CannotGrade, match="Denied"):
        open_notebook(tmp_path / "gpt2.ipynb")


def test_outputs_too_large_to_show_cost_no_point():
    outputs = '{"output_type": "stream", "text": "' + "x" * 30 * M + '"}'
    notebook = Notebook.from_bytes("a", f'{{"cells": [{{"source": "x = 1", "outputs": [{outputs}]}}]}}'.encode())
    assert notebook.cells[0]["source"] == "x = 1" and notebook.cells[0]["outputs"].value() is None


@pytest.mark.parametrize("outputs", ["[nobody]", "[1,]", "[" * 100_000 + "]" * 100_000])
def test_outputs_that_are_no_json_cost_no_point(outputs):
    notebook = Notebook.from_bytes("a", f'{{"cells": [{{"source": "x = 1", "outputs": {outputs}}}]}}'.encode())
    assert notebook.cells[0]["source"] == "x = 1" and notebook.cells[0]["outputs"].value() is None


@pytest.mark.parametrize(
    ("content", "read"),
    [
        ({"cells": [{"source": "", "outputs": [0, [], []]}]}, True),  # 11 parts
        ({"cells": [{"source": "", "outputs": [[]] * 20}]}, False),  # more than a file may have
        ({"cells": [{"source": ["x"] * 5}]}, True),
        ({"cells": [{"source": ["x"] * 25}]}, False),  # more than its text may have
    ],
)
def test_parts_are_counted_in_all_and_in_what_is_graded(monkeypatch, content, read):
    monkeypatch.setattr(opening, "MAX_PARTS", 40)
    monkeypatch.setattr(opening, "MAX_TEXT_PARTS", 20)
    if read:
        assert len(Notebook.from_bytes("a", json.dumps(content).encode()).cells) == 1
    else:
        with pytest.raises(Unreadable, match="more parts than a notebook"):
            Notebook.from_bytes("a", json.dumps(content).encode())


def test_cells_are_counted_and_the_rest_is_noted():
    notebook = Notebook.from_bytes("a", json.dumps({"cells": [{"source": ""}] * 5000}).encode())
    assert len(notebook.cells) == opening.MAX_CELLS and "5000 cells" in notebook.notes[0]
