"""Protects kept verdicts: used by every way in while nothing that decides a score has changed; never half a file."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from gptkit import weights

from autograder.grading import Grader, verdicts
from autograder.grading.verdicts import Verdicts, digest, rules
from autograder.notebooks.submission import Cell, Submission
from autograder.record import ExerciseResult, Record
from autograder.settings import Settings
from tests.autograder.conftest import new_course
from tests.autograder.nbgrader.marks import marks
from tests.submissions.build import HERE, build

WORK = Submission([Cell("def softmax(x):\n    return x", "softmax")], ["a note"])
PASSED = Record("", "gpt2", "tiny", "process", 10.0, 10.0, 0.1, [ExerciseResult("softmax", 10.0, 10.0, "passed", [])])
KEPT = replace(PASSED, kept=True)


@pytest.fixture
def kept(tmp_path):
    return Verdicts(tmp_path / "kept", "context")


def test_what_was_put_comes_back_for_the_same_cells_and_notes_only(kept):
    kept.put(WORK, PASSED)
    assert kept.get(Submission(list(WORK.cells), list(WORK.notes))) == KEPT
    assert kept.get(Submission([Cell(WORK.cells[0].source + " ", "softmax")], WORK.notes)) is None
    assert kept.get(Submission([Cell(WORK.cells[0].source, "attention")], WORK.notes)) is None
    assert kept.get(Submission(WORK.cells, [])) is None
    assert Verdicts(kept.folder, "another context").get(WORK) is None


def test_half_characters_in_a_cell_are_no_obstacle(kept):
    odd = Submission([Cell("x = '\udcff'", "softmax")])
    kept.put(odd, PASSED)
    assert kept.get(odd) == KEPT


@pytest.mark.parametrize("status", ["timeout", "crashed"])
def test_what_a_busy_machine_may_have_caused_is_not_kept(kept, status):
    kept.put(WORK, replace(PASSED, exercises=[ExerciseResult("softmax", 0.0, 10.0, status, [])]))
    assert kept.get(WORK) is None


def test_what_could_not_be_graded_is_not_kept(kept):
    kept.put(WORK, replace(PASSED, score=None, exercises=[], error="The disk is full."))
    assert kept.get(WORK) is None


def test_whose_it_was_is_not_kept(kept):
    kept.put(WORK, replace(PASSED, submission="ada/gpt2.ipynb"))
    assert "ada" not in kept.path(WORK).read_text() and kept.get(WORK).submission == ""


@pytest.mark.parametrize("content", ['{"exercises": [', "null", "", "[]", "[" * 100_000, '{"score": null}', "\x00"])
def test_a_damaged_file_is_no_verdict(kept, content):
    kept.put(WORK, PASSED)
    kept.path(WORK).write_text(content)
    assert kept.get(WORK) is None


def test_a_file_that_is_no_text_is_no_verdict(kept):
    kept.put(WORK, PASSED)
    kept.path(WORK).write_bytes(b"\xff\xfe\x80")
    assert kept.get(WORK) is None


def test_an_error_that_somebody_wrote_into_a_file_is_no_verdict(kept):
    kept.put(WORK, PASSED)
    damaged = replace(PASSED, score=None, error="x").to_json()
    kept.path(WORK).write_text(json.dumps(damaged))
    assert kept.get(WORK) is None


def test_without_a_folder_nothing_is_kept():
    nowhere = Verdicts(None, "context")
    nowhere.put(WORK, PASSED)
    assert nowhere.get(WORK) is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path):
    (tmp_path / "file").write_text("")
    Verdicts(tmp_path / "file" / "folder", "context").put(WORK, PASSED)


def test_the_wall_that_is_asked_for_is_the_one_that_was_there(kept):
    kept.put(WORK, PASSED)
    assert Verdicts(kept.folder, "context", "auto").get(WORK) == KEPT  # and the record says: process
    assert Verdicts(kept.folder, "context", "process").get(WORK) == KEPT
    assert Verdicts(kept.folder, "context", "bubblewrap").get(WORK) is None


def test_a_record_names_the_wall_of_its_verdict_not_of_today(tmp_path, monkeypatch):
    path, settings = tmp_path / "gpt2.ipynb", Settings(seed="0", verdicts=tmp_path / "kept")
    build(HERE / "right" / "perfect.py", path)
    with Grader(settings, "process") as grader:
        assert grader.grade(path, "ada").isolation == "process"
    with Grader(settings) as grader:
        monkeypatch.setattr(type(grader.sandbox), "mode", "bubblewrap")
        assert grader.grade(path, "ada").isolation == "process"


def test_parts_of_a_digest_are_told_apart():
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")


def test_the_rules_are_the_same_wherever_the_files_lie_and_change_with_all_that_decides(tmp_path, monkeypatch):
    release, model = Settings().release.read_bytes(), tmp_path / "tiny"
    shutil.copytree(weights.EMBEDDED, model)
    first = rules(release, model, "seed", "limits")
    assert rules(release, weights.EMBEDDED, "seed", "limits") == first  # another folder, other times
    assert rules(release + b" ", model, "seed", "limits") != first
    assert rules(release, model, "another seed", "limits") != first
    (model / "hparams.json").write_text("{}")
    assert rules(release, model, "seed", "limits") != first
    monkeypatch.setattr(np, "__version__", "1.0")
    assert rules(release, weights.EMBEDDED, "seed", "limits") != first
    monkeypatch.undo()
    monkeypatch.setattr(verdicts, "content", lambda *_: "an edited check")
    assert rules(release, weights.EMBEDDED, "seed", "limits") != first


def test_the_content_of_a_room_is_its_code_and_data(tmp_path):
    room = tmp_path / "room"
    room.mkdir()
    (room / "__init__.py").write_text("")
    first = verdicts.content([room])
    (room / "notes.txt").write_text("no part of it")
    (room / "similarity.py").write_text("shown, and no mark")
    assert verdicts.content([room]) == first
    (room / "checks").mkdir()
    (room / "checks" / "softmax.py").write_text("share = 0.2")
    second = verdicts.content([room])
    assert second != first
    (room / "checks" / "softmax.py").write_text("share = 0.3")
    third = verdicts.content([room])
    assert third not in (first, second)
    (room / "checks" / "softmax.npz").write_bytes(b"values")
    assert verdicts.content([room]) != third


def test_what_only_shows_a_record_makes_no_verdict_void():
    """A change of a page's colours is no reason to examine a class again; whatever decides a mark is."""
    decide = {path.name for path in verdicts.DECIDING}
    assert decide == {"checks", "engine", "weights", "exercises", "notebooks", "sandbox", "grading"}


def test_nbgrader_records_what_autograder_grade_has_found(tmp_path, monkeypatch):
    """Seen by changing a kept verdict: it would not come back if the notebook were examined again."""
    from autograder.doors.command import main

    course = new_course(tmp_path / "course")
    course.hand_in("ada", HERE / "right" / "perfect.py")
    kept = tmp_path / "kept"
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(kept))
    assert main(["grade", str(course.folder / "submitted")]) == 0
    for file in kept.iterdir():  # hers, and the rehearsal's
        record = json.loads(file.read_text())
        record["exercises"][1]["score"] = 3.25
        file.write_text(json.dumps(record))
    monkeypatch.setenv("AUTOGRADER_LIMITS", "")
    course.nbgrader("autograde", "gpt2", AUTOGRADER_VERDICTS=str(kept), AUTOGRADER_LIMITS="")
    found = marks(f"sqlite:///{course.folder / 'gradebook.db'}")
    assert found["ada", "gpt2", "test_softmax"][0] == 3.25
