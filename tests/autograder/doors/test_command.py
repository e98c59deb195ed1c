"""Protects the command: what it prints and writes, its exit codes, one clear line for every wrong use."""

import json
import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from autograder.doors.command import main
from tests.submissions.build import HERE, build

EXERCISES = ["cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n", "end_to_end"]
PERFECT = HERE / "right" / "perfect.py"
DETAIL = re.compile(r'"seconds": [\d.]+')


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A class: one right, one broken, one wrong, and no notebook."""
    folder = tmp_path_factory.mktemp("class")
    build(PERFECT, folder / "ada" / "gpt2.ipynb")
    build(HERE / "broken" / "half_a_file.py", folder / "ben" / "gpt2.ipynb")
    build(HERE / "broken" / "deleted_cells.py", folder / "cem" / "gpt2.ipynb")
    (folder / "notes.txt").write_text("not a notebook")
    return folder


def run(capsys, *words):
    code = main([str(word) for word in words])
    return code, *capsys.readouterr()


def test_one_notebook_one_line_per_exercise_and_a_total(capsys, folder):
    code, out, _ = run(capsys, "grade", folder / "ada" / "gpt2.ipynb")
    words = [line.split() for line in out.splitlines()]
    assert code == 0
    assert [w[0] for w in words] == ["gpt2.ipynb", *EXERCISES, "total"]
    assert words[-1][1:] == ["90", "/", "90"]


def test_a_folder_is_graded_whole_and_every_report_is_written(capsys, folder, tmp_path):
    files = {form: tmp_path / "out" / form for form in ("json", "junit", "markdown")}
    code, out, _ = run(capsys, "grade", folder, *(f"--{form}={file}" for form, file in files.items()))
    records = json.loads(files["json"].read_text())
    assert code == 0
    assert [r["submission"] for r in records] == ["ada/gpt2.ipynb", "ben/gpt2.ipynb", "cem/gpt2.ipynb"]
    assert [r["score"] for r in records][:2] == [90, 0]
    assert "3 notebooks graded" in out
    assert len(ElementTree.parse(files["junit"]).getroot()) == 3
    assert files["markdown"].read_text().count("### ") == 3


def test_a_report_that_cannot_be_written_costs_no_other(capsys, folder, tmp_path):
    (tmp_path / "file").write_text("")
    files = ["--json", tmp_path / "file" / "records.json", "--junit", tmp_path / "junit.xml"]
    code, out, err = run(capsys, "grade", folder / "ada" / "gpt2.ipynb", *files)
    assert code == 2 and "records.json: cannot be written" in err
    assert "90 / 90" in out and (tmp_path / "junit.xml").exists()


def test_a_reader_that_has_seen_enough_is_no_error(folder):
    notebook = folder / "ada" / "gpt2.ipynb"
    script = 'set -o pipefail; "$0" -m autograder grade --isolation process "$1" | true'
    done = subprocess.run(["bash", "-c", script, sys.executable, notebook], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_gradescope_file(capsys, folder, tmp_path):
    code, _, _ = run(capsys, "grade", folder / "ada" / "gpt2.ipynb", "--gradescope", tmp_path / "results.json")
    assert code == 0
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 90


def test_several_processes_give_what_one_gives(capsys, folder, tmp_path):
    for jobs in (1, 3):
        run(capsys, "grade", folder, "--jobs", jobs, "--json", tmp_path / f"{jobs}.json")
    one, three = (DETAIL.sub("", (tmp_path / f"{jobs}.json").read_text()) for jobs in (1, 3))
    assert one == three


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["grade", "nowhere.ipynb"], "no such file"),
        (["grade", "notes.txt"], "not a notebook"),
        (["grade", "empty"], "no notebook"),
        (["grade", "empty_file.ipynb"], "not valid JSON"),
        (["grade", "half_a_file.ipynb"], "not valid JSON"),
        (["grade", "other_assignment.ipynb"], "not a notebook of the assignment gpt2"),
        (["grade", "no_cells.ipynb"], "not a notebook of the assignment gpt2"),
        (["grade", "old_format.ipynb"], "format 4"),
        (["grade", "link.ipynb"], "not a regular file"),
        (["grade", "class", "--gradescope", "results.json"], "takes one notebook"),
        (["grade", "class/a.ipynb", "--json", "notes.txt/results.json"], "cannot be written"),
        (["grade", "class", "--jobs", "many"], "not a number of processes"),
        (["grade", "class", "--jobs", "0"], "not a number of processes"),
        (["grade", "class", "--jbos", "2"], "unrecognized arguments: --jbos 2"),
        (["grade", "class", "--isolation", "prayer"], "invalid choice"),
        (["grade"], "PATH"),
        (["grdae", "class"], "invalid choice: 'grdae'"),
        ([], "COMMAND"),
    ],
)
def test_a_wrong_command_gets_one_clear_line_and_exit_code_2(words, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("{}")
    for name in ("empty_file", "half_a_file", "other_assignment", "no_cells", "old_format"):
        build(HERE / "broken" / f"{name}.py", tmp_path / f"{name}.ipynb")
    for name in ("a", "b"):
        build(PERFECT, tmp_path / "class" / f"{name}.ipynb")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "class" / "a.ipynb")
    try:
        code = main(words)
    except SystemExit as stop:
        code = stop.code
    err = capsys.readouterr().err
    assert code == 2
    assert len(err.splitlines()) == 1, err
    assert says in err


def test_it_is_installed_and_its_help_teaches():
    command = [sys.executable, "-m", "autograder", "grade", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "examples:" in text
    assert "--isolation" in text
