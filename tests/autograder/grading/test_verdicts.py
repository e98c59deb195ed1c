"""Protects kept verdicts: used by every way in while nothing that decides a score has changed; never half a file."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from gptkit import weights

from autograder.grading import verdicts
from autograder.grading import Grader
from autograder.settings import Settings
from autograder.grading.verdicts import Verdicts, digest, rules
from autograder.notebooks.submission import Cell, Submission
from tests.autograder.conftest import new_course
from tests.autograder.nbgrader.marks import marks
from tests.submissions.build import HERE, build

WORK = Submission([Cell("def softmax(x):\n    return x", "softmax")], ["a note"])
PASSED = {
    "isolation": "process", "seconds": 0.1, "exercises": [{"name": "softmax", "status": "passed"}], "notes": [],
}  # fmt: skip


@pytest.fixture
def kept(tmp_path):
    return Verdicts(tmp_path / "kept", "context")


def test_what_was_put_comes_back_for_the_same_cells_and_notes_only(kept):
    kept.put(WORK, PASSED)
    assert kept.get(Submission(list(WORK.cells), list(WORK.notes))) == PASSED
    assert kept.get(Submission([Cell(WORK.cells[0].source + " ", "softmax")], WORK.notes)) is None
    assert kept.get(Submission([Cell(WORK.cells[0].source, "attention")], WORK.notes)) is None
    assert kept.get(Submission(WORK.cells, [])) is None
    assert Verdicts(kept.folder, "another context").get(WORK) is None


def test_half_characters_in_a_cell_are_no_obstacle(kept):
    odd = Submission([Cell("x = '\udcff'", "softmax")])
    kept.put(odd, PASSED)
    assert kept.get(odd) == PASSED


@pytest.mark.parametrize("status", ["timeout", "crashed"])
def test_what_a_busy_machine_may_have_caused_is_not_kept(kept, status):
    kept.put(WORK, PASSED | {"exercises": [{"name": "softmax", "status": status}]})
    assert kept.get(WORK) is None


def test_a_damaged_file_is_no_verdict_and_a_folder_that_cannot_be_made_no_error(kept, tmp_path):
    kept.put(WORK, PASSED)
    kept.path(WORK).write_text('{"exercises": [')
    assert kept.get(WORK) is None
    (tmp_path / "file").write_text("")
    Verdicts(tmp_path / "file" / "folder", "context").put(WORK, PASSED)


def test_the_wall_that_is_asked_for_is_the_one_that_was_there(kept):
    kept.put(WORK, {"submission": "ada/gpt2.ipynb", **PASSED})
    assert Verdicts(kept.folder, "context", "auto").get(WORK) == PASSED  # and the record says: process
    assert Verdicts(kept.folder, "context", "process").get(WORK) == PASSED
    assert Verdicts(kept.folder, "context", "bubblewrap").get(WORK) is None


def test_a_record_names_the_wall_of_its_verdict_not_of_today(tmp_path, monkeypatch):
    path = tmp_path / "gpt2.ipynb"
    build(HERE / "right" / "perfect.py", path)
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(tmp_path / "kept"))
    with Grader(Settings.from_environment(), "process") as grader:
        assert grader.grade(path, "ada")["isolation"] == "process"
    with Grader(Settings.from_environment()) as grader:
        monkeypatch.setattr(type(grader.sandbox), "isolation", "bubblewrap")
        assert grader.grade(path, "ada")["isolation"] == "process"


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


def test_the_content_of_a_package_is_its_code_and_data(tmp_path):
    class Package:
        __file__ = str(tmp_path / "__init__.py")

    Path(Package.__file__).write_text("")
    first = verdicts.content(Package)
    (tmp_path / "notes.txt").write_text("no part of it")
    assert verdicts.content(Package) == first
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "softmax.py").write_text("share = 0.2")
    second = verdicts.content(Package)
    assert second != first
    (tmp_path / "checks" / "softmax.py").write_text("share = 0.3")
    assert verdicts.content(Package) not in (first, second)


def test_nbgrader_records_what_autograder_grade_has_found(tmp_path, monkeypatch):
    """Seen by changing a kept verdict: it would not come back if the notebook were examined again."""
    from autograder.doors.command import main

    course = new_course(tmp_path / "course")
    course.hand_in("ada", HERE / "right" / "perfect.py")
    kept = tmp_path / "kept"
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(kept))
    assert main(["grade", str(course.folder / "submitted")]) == 0
    (file,) = kept.iterdir()
    record = json.loads(file.read_text())
    record["exercises"][1]["score"] = 3.25
    file.write_text(json.dumps(record))
    monkeypatch.setenv("AUTOGRADER_LIMITS", "")
    course.nbgrader("autograde", "gpt2", AUTOGRADER_VERDICTS=str(kept), AUTOGRADER_LIMITS="")
    found = marks(f"sqlite:///{course.folder / 'gradebook.db'}")
    assert found["ada", "gpt2", "test_softmax"][0] == 3.25
