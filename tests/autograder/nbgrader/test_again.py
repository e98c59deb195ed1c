"""Protects grading again with the real tools: what decides a mark decides what is done; nothing of others' is lost."""

import json
import os
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook

from tests.autograder.conftest import QUICK, Course, new_course
from tests.submissions.build import HERE

PERFECT, UNTOUCHED = HERE / "right" / "perfect.py", HERE / "wrong" / "untouched.py"
NO_MEMORY = """
from autograder.grading import Grader
graded = Grader.grade
Grader.grade = lambda *a: a[0].ungraded(a[2], "no memory left") if a[2].startswith("ben/") else graded(*a)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Course:
    return new_course(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> str:
    """A folder of verdicts, so that the answer key is rehearsed once for all commands."""
    return str(tmp_path_factory.mktemp("verdicts"))


@pytest.fixture
def run(course, kept):
    """Runs a command in the course, with nobody in it at first: (exit code, all that it says)."""

    def run(*words: str, **environment: str) -> tuple[int, str]:
        clean = {k: v for k, v in os.environ.items() if k != "GRADEBOOK_URL"} | QUICK | {"AUTOGRADER_VERDICTS": kept}
        command, where = [sys.executable, "-m", *words], course.folder
        done = subprocess.run(command, cwd=where, env=clean | environment, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    config = (course.folder / "nbgrader_config.py").read_text()
    yield run
    (course.folder / "nbgrader_config.py").write_text(config)
    for step in ("submitted", "autograded", "feedback"):
        if (course.folder / step).exists():
            (course.folder / step).rename(course.folder / f"{step}-{os.urandom(4).hex()}")
    with gradebook(course) as book:
        for student in book.students:
            book.remove_student(student.id)


def gradebook(course: Course) -> Gradebook:
    return Gradebook(f"sqlite:///{course.folder / 'gradebook.db'}")


def score(course: Course, student: str) -> float:
    with gradebook(course) as book:
        found = book.find_submission("gpt2", student)
        return found.score - found.late_submission_penalty


def configure(course: Course, text: str) -> None:
    with (course.folder / "nbgrader_config.py").open("a") as config:
        config.write(text)


def autograded(course: Course, student: str):
    return course.folder / "autograded" / student / "gpt2"


@pytest.mark.long
def test_a_late_penalty_changed_after_the_first_run_is_a_reason_to_record_again(course, run):
    for student, day in (("ada", 4), ("ben", 6)):
        course.hand_in(student, PERFECT)
        course.submitted(student).with_name("timestamp.txt").write_text(f"2026-01-0{day} 10:00:00 UTC")
    with gradebook(course) as book:
        book.update_or_create_assignment("gpt2", duedate="2026-01-05 10:00:00 UTC")
    grade = ("autograder", "course", "grade", "gpt2")
    assert run(*grade)[1].startswith("2 submissions recorded")
    assert (score(course, "ada"), score(course, "ben")) == (90, 90)
    assert run(*grade)[1].startswith("2 were done already")
    configure(course, "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n")
    assert run(*grade)[1].startswith("2 submissions recorded")
    assert (score(course, "ada"), score(course, "ben")) == (90, 0)
    assert run(*grade)[1].startswith("2 were done already")
    configure(course, "c.LateSubmissionPlugin.penalty_method = 'none'\n")
    assert run("nbgrader", "autograde", "gpt2")[0] == 0  # the stock command as well
    assert (score(course, "ada"), score(course, "ben")) == (90, 90)
    assert "2 submissions recorded" in run(*grade, "--fresh")[1]
    with gradebook(course) as book:
        book.update_or_create_assignment("gpt2", duedate=None)


def test_a_replaced_file_without_a_time_is_graded_again(course, run):
    course.hand_in("ada", UNTOUCHED)
    run("nbgrader", "autograde", "gpt2")
    assert score(course, "ada") == 0
    before = (autograded(course, "ada") / "gpt2.ipynb").stat().st_mtime_ns
    run("nbgrader", "autograde", "gpt2")
    assert (autograded(course, "ada") / "gpt2.ipynb").stat().st_mtime_ns == before, "nothing has changed"
    course.hand_in("ada", PERFECT)
    assert run("nbgrader", "autograde", "gpt2")[0] == 0
    assert score(course, "ada") == 90


def test_what_others_put_into_autograded_stays(course, run):
    """A folder that stock nbgrader made, and a teacher's file, also when it is graded again and when that fails."""
    for student in ("ada", "ben"):
        course.hand_in(student, PERFECT)
        autograded(course, student).mkdir(parents=True)
        (autograded(course, student) / "remark.txt").write_text("mine")
    stock = json.loads(course.submitted("ada").read_text())
    (autograded(course, "ada") / "gpt2.ipynb").write_text(json.dumps(stock))
    code, said = run("nbgrader", "autograde", "gpt2")
    assert code == 0 and "Not made by this grader, so it stays (--force replaces it)" in said
    assert json.loads((autograded(course, "ada") / "gpt2.ipynb").read_text()) == stock
    assert score(course, "ben") == 90
    assert run("nbgrader", "autograde", "gpt2", "--force")[0] == 0
    assert score(course, "ada") == 90
    course.hand_in("ada", UNTOUCHED)
    configure(course, "c.Autograde.autograde_preprocessors += ['no.such.Step']\n")
    assert run("nbgrader", "autograde", "gpt2")[0] != 0
    for student in ("ada", "ben"):
        assert (autograded(course, student) / "remark.txt").read_text() == "mine"


@pytest.mark.parametrize("half", ['{"cells": [', '{"cells": [], "metadata": {"autograder": "unfinished"}}', None])
def test_what_a_killed_run_left_half_made_is_completed(course, run, half):
    course.hand_in("ada", PERFECT)
    autograded(course, "ada").mkdir(parents=True)
    if half is not None:
        (autograded(course, "ada") / "gpt2.ipynb").write_text(half)
        (autograded(course, "ada") / "gpt2.ipynb").chmod(0o444)
    assert run("nbgrader", "autograde", "gpt2")[0] == 0
    assert score(course, "ada") == 90


def test_what_could_not_be_graded_leaves_no_row_and_no_mark_and_deletes_nothing(course, run):
    for student in ("ada", "ben"):
        course.hand_in(student, PERFECT)
    config = (course.folder / "nbgrader_config.py").read_text()
    configure(course, NO_MEMORY)
    for command in (("nbgrader", "autograde", "gpt2"), ("autograder", "course", "grade", "gpt2")):
        code, said = run(*command)
        assert code != 0 and "no memory left" in said
        assert score(course, "ada") == 90
        with gradebook(course) as book:
            assert [student.id for student in book.students] == ["ada"]
        assert not (autograded(course, "ben") / "gpt2.ipynb").exists()
    (course.folder / "nbgrader_config.py").write_text(config)
    assert run("nbgrader", "autograde", "gpt2")[0] == 0
    made = (autograded(course, "ben") / "gpt2.ipynb").read_text()
    course.hand_in("ben", UNTOUCHED)
    configure(course, NO_MEMORY)
    for words in ((), ("--force",)):
        assert run("nbgrader", "autograde", "gpt2", *words)[0] != 0
        assert (autograded(course, "ben") / "gpt2.ipynb").read_text() == made
        assert score(course, "ben") == 90


def test_opening_the_gradebook_touches_no_file(course, run):
    """The exporter is made by whatever looks at the course, so making it deletes nothing."""
    from nbgrader.apps import AutogradeApp
    from nbgrader.converters import Autograde

    course.hand_in("ada", PERFECT)
    autograded(course, "ada").mkdir(parents=True)
    (autograded(course, "ada") / "gpt2.ipynb").write_text("{")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(course.folder)
        app = AutogradeApp()
        app.initialize(["gpt2", "--log-level=ERROR"])
        app.coursedir.assignment_id = "gpt2"
        converter = Autograde(coursedir=app.coursedir, parent=app)
        converter.exporter_class(parent=converter, config=converter.config)
    assert (autograded(course, "ada") / "gpt2.ipynb").read_text() == "{"


def test_a_kept_verdict_is_shown_as_kept(course, run):
    course.hand_in("ada", PERFECT)
    assert " s)\n" in run("autograder", "grade", "submitted", AUTOGRADER_VERDICTS="")[1].splitlines(keepends=True)[0]
    run("autograder", "grade", "submitted", "--isolation", "process")
    code, said = run("autograder", "grade", "submitted", "--isolation", "process")
    assert code == 0 and "(tiny, process, kept from an earlier run)" in said


def test_a_malformed_limit_is_one_line_and_nothing_of_a_students_runs(course, run):
    """Stock nbgrader goes on without a configuration that fails, and then executes notebooks unprotected."""
    course.hand_in("ada", PERFECT)
    notebook = json.loads(course.submitted("ada").read_text())
    notebook["cells"].insert(0, notebook["cells"][1] | {"source": "open('ran', 'w')", "metadata": {}})
    course.submitted("ada").write_text(json.dumps(notebook))
    for command, code in ((("nbgrader", "autograde", "gpt2"), 1), (("autograder", "course", "grade", "gpt2"), 2)):
        found, said = run(*command, AUTOGRADER_LIMITS="call_seconds=five")
        (line,) = [line for line in said.splitlines() if line]
        assert found == code and "AUTOGRADER_LIMITS='call_seconds=five' is not a list of name=number; names:" in line
    assert not list(course.folder.rglob("ran")) and not (course.folder / "autograded").exists()
