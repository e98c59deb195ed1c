"""Protects `autograder report`: a folder graded or records read, written as page and table, wrong uses in one line."""

import csv
import json
import os
import re

import pytest

from autograder.doors.command import main
from autograder.reports import as_json
from tests.autograder.reports.classes import check, exercise, record
from tests.submissions.build import HERE, build

NO_CHECK = record("ada", exercise("softmax", "passed")).to_json()
NO_CHECK["exercises"][0]["checks"] = ["no check"]


def test_the_command_grades_a_folder_and_reads_the_records_of_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def written(name):
        """The page and the table's rows, without what a clock says."""
        rows = list(csv.DictReader((tmp_path / f"{name}.csv").open()))
        html = re.sub("<p><b>Slowest.*", "", (tmp_path / f"{name}.html").read_text())
        html = html.replace('href="../', 'href="')  # the way to the notebooks, from a folder below
        return html, [row | {"seconds": ""} for row in rows]

    for student, sample in (("ada", "right/loops"), ("bo", "wrong/three_mistakes"), ("cleo", "right/loops")):
        build(HERE / f"{sample}.py", tmp_path / "submitted" / student / "gpt2" / "gpt2.ipynb")
    (tmp_path / "feedback" / "bo" / "gpt2").mkdir(parents=True)
    (tmp_path / "feedback" / "bo" / "gpt2" / "gpt2.html").touch()
    assert main(["report", "submitted"]) == 0
    assert "3 notebooks, 77.1 of 90" in capsys.readouterr().out
    graded = written("gpt2-report")
    assert (
        'href="submitted/ada/gpt2/gpt2.ipynb"' in graded[0] and 'href="feedback/bo/gpt2/gpt2.html">bo</a>' in graded[0]
    )
    assert "The gains <code>g</code> are not used." in graded[0] and "<b>ada, cleo</b>: 100% the same" in graded[0]
    assert main(["grade", "submitted", "--json", "results.json"]) == 0
    assert main(["report", "results.json", "--notebooks", "submitted", "--html", "out/class.html"]) == 0
    assert written("out/class") == graded
    assert main(["report", "results.json", "--html", "out/class.html"]) == 0
    assert "Not looked for" in (tmp_path / "out" / "class.html").read_text()


@pytest.mark.parametrize(
    "content, said",
    [
        (None, "cannot be read (No such file"),
        ("{", "not the records"),
        ("[]", "not the records"),
        ('[{"schema": 1}]', "not the records"),
        (json.dumps([record("ada").to_json() | {"score": float("nan")}]), "not the records"),
        (
            json.dumps([record("ada").to_json(), record("bo", assignment="bert").to_json()]),
            "not the records of one assignment",
        ),
        (json.dumps([NO_CHECK]), "not the records"),
    ],
)
def test_what_is_no_record_is_one_clear_line(content, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    assert main(["report", "results.json"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0]


def test_a_name_that_is_no_utf_8_has_its_link_and_costs_nobody_the_page(tmp_path, monkeypatch):
    odd = os.fsdecode(b"\xff\xfe")
    build(HERE / "right" / "perfect.py", tmp_path / "class" / odd / "gpt2.ipynb")
    build(HERE / "right" / "perfect.py", tmp_path / "class" / "ada" / "gpt2.ipynb")
    monkeypatch.chdir(tmp_path)
    assert main(["report", "class", "--html", "page.html"]) == 0
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "class/%FF%FE/gpt2.ipynb" in page and "class/ada/gpt2.ipynb" in page


def test_other_wrong_commands_are_one_clear_line_too(tmp_path, capsys):
    good = tmp_path / "results.json"
    good.write_text("".join(as_json([record("ada")])))
    (tmp_path / "file").write_text("")
    for words, said in (
        ([tmp_path / "file"], "neither a folder"),
        ([tmp_path / "nowhere"], "no such file or folder"),
        ([good, "--notebooks", tmp_path], "none of the notebooks"),
        ([good, "--html", tmp_path / "file" / "page.html"], "cannot be written"),
    ):
        assert main(["report", *map(str, words)]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and said in lines[0]


def test_who_was_not_graded_is_told_and_the_rest_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lost = record("bo", score=None, error="The disk is full.")
    (tmp_path / "some.json").write_text(
        "".join(as_json([record("ada", exercise("softmax", "passed", check("a"))), lost]))
    )
    (tmp_path / "none.json").write_text("".join(as_json([lost])))
    assert main(["report", "some.json"]) == 3
    assert "1 could not be graded" in capsys.readouterr().out
    assert "bo" in (tmp_path / "gpt2-report.html").read_text()
    assert main(["report", "none.json"]) == 3
    assert "The disk is full." in capsys.readouterr().err
