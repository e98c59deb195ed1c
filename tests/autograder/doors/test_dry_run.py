"""Protects `autograder course grade --dry-run`: it says whose mark would change and why, and writes nothing at all."""

import hashlib
import shutil

import pytest
from nbgrader.api import Gradebook

from autograder.doors import course as door
from autograder.doors.command import main
from tests.autograder.conftest import QUICK, new_course
from tests.submissions.build import HERE, build


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A course, of a name with a blank and an umlaut, whose marks are out, and verdicts kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GRADEBOOK_URL", raising=False)
        folder = tmp_path_factory.mktemp("a course, ä")
        patch.setenv("AUTOGRADER_VERDICTS", str(folder / "verdicts"))
        for name, value in QUICK.items():
            patch.setenv(name, value)
        course = new_course(folder)
        for student, sample in {"ada": "right/perfect", "ben": "wrong/three_mistakes", "cem": "right/loops"}.items():
            course.hand_in(student, HERE / f"{sample}.py")
        course.submitted("eva").parent.mkdir(parents=True)
        (course.submitted("eva").parent / "essay.txt").write_text("no notebook")
        patch.chdir(folder)
        assert main(["course", "grade", "gpt2", "--jobs", "2"]) == 0
        yield course


def contents(folder):
    """What stands in a folder, to the byte and the nanosecond."""
    files = sorted(path for path in folder.rglob("*"))
    return {p: (hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "", p.stat().st_mtime_ns) for p in files}


def dry_run(course, capsys, *words):
    """What it says; fails when it wrote anything."""
    before = contents(course.folder)
    assert main(["course", "grade", "gpt2", "--dry-run", "--jobs", "2", *words]) == 0
    assert contents(course.folder) == before
    return capsys.readouterr().out


def test_nobody_s_mark_changes_where_nothing_has(graded, capsys):
    said = dry_run(graded, capsys)
    assert "0 of 4 would get another mark" in said and "4 unchanged." in said


def test_a_change_is_told_with_the_checks_that_make_it(graded, capsys):
    build(HERE / "wrong" / "softmax_without_shift.py", graded.submitted("ada"))
    build(HERE / "right" / "perfect.py", graded.submitted("ben"))
    graded.hand_in("dia", HERE / "right" / "perfect.py")
    (graded.folder / "submitted" / "fee").symlink_to(graded.folder / "submitted" / "ada")
    with Gradebook(f"sqlite:///{graded.folder / 'gradebook.db'}") as gradebook:
        for cell, mark in (("test_layer_norm", 5.0), ("compare_sampling", 7.0)):
            grade = gradebook.find_grade(cell, "gpt2", "gpt2", "ben")
            grade.manual_score, grade.needs_manual_grade = mark, False
        gradebook.db.commit()
    said = dry_run(graded, capsys)
    assert "2 of 4 would get another mark" in said and "2 unchanged." in said
    assert "  ada: 90 -> 86.5 (-3.5): softmax 10 -> 6.5 (far_from_zero 1 -> 0, " in said
    (ben,) = [line for line in said.splitlines() if line.startswith("  ben: ")]
    assert "-> 92 (" in ben and "layer_norm" not in ben  # 90 less its 10, and 5 and 7 by hand
    assert "a mark by hand stays: ben: layer_norm" in said
    assert "no mark yet: dia" in said and "no mark yet: fee" in said and "eva:" not in said


def test_marks_from_before_this_version_name_the_checks_that_fail(graded, capsys):
    build(HERE / "wrong" / "softmax_without_shift.py", graded.submitted("ada"))
    made = graded.folder / "autograded" / "ada" / "gpt2" / "gpt2.ipynb"
    kept = made.read_text("utf-8")
    made.chmod(0o644)
    made.write_text(kept.replace('"earned"', '"other"'), "utf-8")
    try:
        assert "softmax 10 -> 6.5 (far_from_zero fails, " in dry_run(graded, capsys)
    finally:
        made.write_text(kept, "utf-8")


def test_who_cannot_be_graded_is_named_and_a_lost_notebook_is_a_zero(graded, capsys, monkeypatch):
    whole = door.examined

    def one_fails(grader, work, executor):
        for place, record in whole(grader, work, executor):
            yield place, grader.ungraded(work[place].label, "no memory") if work[place].label == "ada" else record

    monkeypatch.setattr(door, "examined", one_fails)
    graded.submitted("cem").unlink()
    said = dry_run(graded, capsys)
    assert "  cem: 90 -> 0 (-90): " in said
    assert "  cannot be graded now: ada: no memory\n" in said and "  ada: " not in said


def test_without_a_gradebook_or_a_seed_it_says_so_and_makes_none(graded, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GRADEBOOK_URL", f"sqlite:///{tmp_path / 'none.db'}")
    assert main(["course", "grade", "gpt2", "--dry-run"]) == 2
    assert "there is no gradebook yet" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
    monkeypatch.delenv("AUTOGRADER_SEED")
    monkeypatch.setattr("autograder.settings.SEED_FILE", tmp_path / "seed")
    assert main(["course", "grade", "gpt2", "--dry-run"]) == 2
    assert "no seed yet" in capsys.readouterr().err
    shutil.copy(graded.folder / "nbgrader_config.py", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"nbgrader_config.py"}
