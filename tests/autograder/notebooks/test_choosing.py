"""Protects the one rule for which notebook is the student's."""

import json
import os
import subprocess

import pytest

from autograder.errors import UsageError
from autograder.notebooks import choosing
from autograder.notebooks.choosing import choose, looked_at, submissions
from autograder.notebooks.submission import Release
from autograder.settings import Settings
from tests.submissions.build import start

FRESH = Settings().release.read_text("utf-8")
WORKED = json.dumps(start("solution"))
OWN = json.dumps({"cells": [{"cell_type": "code", "metadata": {}, "source": "def softmax(x):\n    return x"}]})


@pytest.fixture(scope="module")
def release():
    return Release.of(Settings())


def write(folder, **files):
    """Files by name; each a second newer than the one before."""
    for age, (name, content) in enumerate(files.items()):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, "utf-8")
        os.utime(folder / name, (age, age))
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "gpt2.ipynb",
        "gpt2 (1).ipynb",
        "gpt2-Copy1.ipynb",
        "GPT2.ipynb",
        "gpt2/gpt2.ipynb",
        "gpt2.ipynb.txt",
        "a.json",
        "my work.IPYNB",
        "a/b/Untitled.ipynb",
        "gpt2.ipynb.json",
    ],
)
def test_whatever_it_is_called_it_is_found(tmp_path, release, name):
    write(tmp_path, **{name: WORKED, "notes.txt": "hello", "gptkit/tiny.json": WORKED, "._gpt2.ipynb": "x"})
    write(tmp_path, **{".Trash/gpt2.ipynb": FRESH, "__MACOSX/._gpt2.ipynb": "x", ".ipynb_checkpoints/a.ipynb": WORKED})
    assert choose(tmp_path, release) == (tmp_path / name, [])


@pytest.mark.parametrize(
    ("files", "best"),
    [
        ({"gpt2.ipynb": WORKED, "gpt2 (1).ipynb": WORKED}, "gpt2.ipynb"),
        ({"gpt2.ipynb": FRESH, "gpt2 (1).ipynb": WORKED}, "gpt2 (1).ipynb"),
        ({"gpt2.ipynb": FRESH, "a.ipynb": WORKED, "b.ipynb": WORKED}, "b.ipynb"),
        ({"gpt2.ipynb": FRESH, "b.ipynb": WORKED, "a.ipynb": WORKED}, "a.ipynb"),
        ({"gpt2.ipynb": "{", "b.ipynb": WORKED}, "b.ipynb"),
        ({"gpt2.ipynb": FRESH, "b.ipynb": FRESH}, "gpt2.ipynb"),
        ({"gpt2.ipynb": FRESH, "b.ipynb": '{"cells": []}'}, "gpt2.ipynb"),
        ({"gpt2.ipynb": "{", "b.ipynb": "{"}, "gpt2.ipynb"),
        ({"gpt2.ipynb": FRESH, "b.ipynb": OWN}, "b.ipynb"),
        ({"old/gpt2.ipynb": WORKED, "gpt2.ipynb": WORKED}, "gpt2.ipynb"),
        ({"old/gpt2.ipynb": WORKED, "gpt2.ipynb": FRESH}, "old/gpt2.ipynb"),
        ({"ps1.ipynb": '{"cells": [{"cell_type": "code", "source": "x = 1"}]}', "z.ipynb": WORKED}, "z.ipynb"),
    ],
)
def test_of_several_the_one_that_was_worked_on_and_a_note_names_the_others(tmp_path, release, files, best):
    notebook, notes = choose(write(tmp_path, **files), release)
    assert notebook == tmp_path / best
    assert len(notes) == 1 and all(name in notes[0] for name in files)


@pytest.mark.parametrize(("folders", "found"), [(8, True), (9, False)])
def test_so_many_folders_inside_each_other_are_looked_into(tmp_path, folders, found):
    write(tmp_path, **{"a/" * folders + "gpt2.ipynb": WORKED})
    files, odd = looked_at(tmp_path)
    assert len(files) == found and len(odd) == (not found)


def test_so_many_files_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(choosing, "MANY", 3)
    write(tmp_path, **{f"{name}/gpt2.ipynb": WORKED for name in "abcdef"})
    files, odd = looked_at(tmp_path)
    assert [path.parent.name for path in files] == ["a", "b"]
    assert [note.split(" ")[0] for note in odd] == ["c", "d", "e", "f"]


def test_links_are_no_submission_wherever_they_stand(tmp_path, release):
    write(tmp_path, **{"zoe/gpt2/gpt2.ipynb": WORKED})
    for name in ("mallory", "eve/gpt2", "trudy/gpt2/gpt2.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(tmp_path / "zoe" / "/".join(name.split("/")[1:]))
    work, without = submissions(tmp_path, release)
    assert [one.label for one in work] == ["zoe/gpt2/gpt2.ipynb"]
    assert set(without) == {"mallory", "eve", "trudy"}
    assert all("link" in notes[0] for notes in without.values())


def test_who_has_nothing_is_told_what_lies_there(tmp_path, release):
    write(tmp_path, **{"ann/gpt2.ipynb": WORKED, "bob/essay.docx": "x", "cy/gpt2.zip": "x"})
    (tmp_path / "dan").mkdir()
    _, without = submissions(tmp_path, release)
    assert "essay.docx" in without["bob"][0] and "gpt2.zip" in without["cy"][0] and "no file" in without["dan"][0]


def test_a_folder_of_notebooks_and_of_students(tmp_path, release):
    write(tmp_path, **{"ann.ipynb": WORKED, "bob.ipynb": "{", "zoe/gpt2/gpt2 (1).ipynb": WORKED, "._x.ipynb": "x"})
    write(tmp_path, **{"readme.txt": "hello", "zoe/notes.txt": "hello"})
    os.mkfifo(tmp_path / "pipe.ipynb")
    labels = ["ann.ipynb", "bob.ipynb", "zoe/gpt2/gpt2 (1).ipynb"]
    assert [one.label for one in submissions(tmp_path, release)[0]] == labels


def test_fifteen_hundred_folders_inside_each_other_harm_nobody(tmp_path, release):
    write(tmp_path, **{"ann/gpt2.ipynb": WORKED})
    here = os.open(tmp_path, os.O_RDONLY)
    for name in ["eve"] + ["d"] * 1500:
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    try:
        work, without = submissions(tmp_path, release)
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "eve"], check=True)  # pytest's own cleaning would not get to its end
    assert [one.label for one in work] == ["ann/gpt2.ipynb"] and "too deep" in without["eve"][0]


def test_a_folder_that_cannot_be_read_is_a_submission_that_cannot_be_opened(tmp_path, release, monkeypatch):
    write(tmp_path, **{"ann/gpt2.ipynb": WORKED, "eve/gpt2.ipynb": WORKED})
    scandir = os.scandir

    def refused(path):
        if os.fspath(path).endswith("eve"):
            raise PermissionError(13, "Denied", os.fspath(path))
        return scandir(path)

    monkeypatch.setattr("autograder.notebooks.choosing.os.scandir", refused)
    work, without = submissions(tmp_path, release)
    assert [one.path.name for one in work] == ["gpt2.ipynb", "eve"] and not without


@pytest.mark.parametrize(
    ("name", "says"), [("nothing.ipynb", "no such file"), ("notes.txt", "not a notebook"), ("folder", "no notebook")]
)
def test_paths_without_a_notebook_are_one_clear_line(tmp_path, release, name, says):
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(UsageError, match=says):
        submissions(tmp_path / name, release)
