"""Protects the gradebook from reading everybody's rows to find one student's: then a class costs more than its size."""

import re
import sqlite3
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import event

from autograder.errors import CannotGrade, NotGraded
from autograder.nbgrader.gradebook import INDEXES, OneGradebook
from autograder.nbgrader.recorder import Recorder, ending
from tests.autograder.conftest import new_course
from tests.submissions.crowd import hand_in

GROWING = "(submitted_assignment|submitted_notebook|grade|comment|autograder_answer)"  # with the class
EVERYBODYS = re.compile(  # a plan's step that reads the rows of a whole class, by SQLite's words for it
    rf"SCAN {GROWING}\b|SEARCH {GROWING} .*AUTOMATIC|SEARCH submitted_assignment .*\(assignment_id=\?\)"
    r"|SEARCH submitted_notebook .*\(notebook_id=\?\)|SEARCH (grade|comment) .*\(cell_id=\?\)"
)


def test_no_statement_about_one_submission_reads_everybodys_rows(tmp_path, monkeypatch):
    course = new_course(tmp_path / "course")
    hand_in(course.folder, 2)
    monkeypatch.chdir(course.folder)
    monkeypatch.delenv("GRADEBOOK_URL", raising=False)
    recorder, asked = Recorder("gpt2", "auto"), {}

    def note(_connection, _cursor, said, values, _context, many):
        asked[said] = values[0] if many else values

    event.listen(recorder.gradebook.engine, "before_cursor_execute", note)
    for student in ("student-00000", "student-00001"):
        recorder.finish(student)
    recorder.grader.close()
    plans = sqlite3.connect("gradebook.db")
    asked = {said: values for said, values in asked.items() if said.split()[0] in ("SELECT", "UPDATE", "DELETE")}
    assert len(asked) > 15
    for said, values in asked.items():
        steps = [row[3] for row in plans.execute(f"EXPLAIN QUERY PLAN {said}", values)]
        assert not [step for step in steps if EVERYBODYS.match(step)], said


def test_a_folder_that_cannot_be_read_is_its_students_alone(tmp_path, monkeypatch):
    """It is none that is done, and no mark; the class goes on."""
    course = new_course(tmp_path / "course")
    hand_in(course.folder, 1)
    monkeypatch.chdir(course.folder)
    monkeypatch.delenv("GRADEBOOK_URL", raising=False)
    recorder = Recorder("gpt2", "auto")

    def unreadable(_student):
        raise CannotGrade("Permission denied")

    monkeypatch.setattr(recorder, "submitted", unreadable)
    recorder.shown("student-00000").parent.mkdir(parents=True)
    recorder.shown("student-00000").write_bytes(b"page" + ending(None))
    assert not recorder.done("student-00000", None)
    with pytest.raises(NotGraded, match="Permission denied"):
        recorder.finish("student-00000")
    recorder.grader.close()


def test_a_gradebook_that_nbgrader_has_made_gets_what_it_lacks_once(tmp_path):
    url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    code = f"from nbgrader.api import Gradebook; Gradebook({url!r}).close()"  # as without this package
    subprocess.run([sys.executable, "-c", code], check=True)
    assert not indexes(tmp_path)
    for _ in range(2):
        OneGradebook(url, "course").engine.dispose()
    assert indexes(tmp_path) == {index.name for index in INDEXES}
    with Gradebook(url) as gradebook:
        gradebook.add_student("ada")


def indexes(folder):
    rows = sqlite3.connect(folder / "gradebook.db").execute("SELECT name FROM sqlite_master WHERE type = 'index'")
    return {name for (name,) in rows if name.startswith("autograder")}
