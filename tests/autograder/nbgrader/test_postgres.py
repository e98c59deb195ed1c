"""Protects the gradebook on a real PostgreSQL server: SQLite's marks, several graders at once, a server restart."""

import shutil
import time

import pytest
from nbgrader.api import Gradebook

from tests.autograder.conftest import QUICK, new_course
from tests.autograder.nbgrader.killing import count, finish, start
from tests.autograder.nbgrader.marks import marks, pages
from tests.autograder.nbgrader.postgres import server
from tests.submissions.crowd import hand_in

STUDENTS = 10


@pytest.fixture(scope="module")
def database():
    with server() as running:
        yield running


@pytest.fixture(scope="module")
def course(tmp_path_factory, database):
    """A course folder with a class, its assignment in the database."""
    course = new_course(tmp_path_factory.mktemp("course"))
    hand_in(course.folder, STUDENTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_VERDICTS", str(tmp_path_factory.mktemp("verdicts")))
        for name, value in QUICK.items():
            patch.setenv(name, value)
        patch.setenv("GRADEBOOK_URL", database.url)
        course.nbgrader("generate_assignment", "gpt2", "--force", GRADEBOOK_URL=database.url)
        yield course


@pytest.mark.long
def test_it_says_what_sqlite_says_and_keeps_what_is_given_by_hand(course, database):
    sqlite = f"sqlite:///{course.folder / 'gradebook.db'}"
    finish(course.folder, GRADEBOOK_URL=sqlite)
    assert f"{STUDENTS} submissions recorded" in finish(course.folder)  # another gradebook: nothing is done there
    assert marks(database.url) == marks(sqlite)
    key = ("student-00001", "gpt2", "compare_sampling")
    with Gradebook(database.url) as gradebook:
        grade = gradebook.find_grade("compare_sampling", "gpt2", "gpt2", "student-00001")
        grade.manual_score, grade.needs_manual_grade = 6, False
        gradebook.db.commit()
    course.nbgrader("autograde", "gpt2", "--force", "--student", "student-00001", GRADEBOOK_URL=database.url)
    assert marks(database.url)[key] == (None, 6, None, False)
    finish(course.folder)
    assert marks(database.url) == marks(sqlite) | {key: (None, 6, None, False)}


@pytest.mark.long
def test_several_graders_and_a_server_restart_lose_and_double_nothing(course, database):
    forget(course, database)
    finish(course.folder)
    quiet = marks(database.url), pages(course.folder)
    forget(course, database)
    graders = [start(course.folder) for _ in range(2)]
    while count(course.folder) < 4:
        time.sleep(0.01)
    database.restart()
    said = [grader.communicate()[0] for grader in graders]
    assert [grader.returncode for grader in graders] == [0, 0], "\n".join(said)
    assert (marks(database.url), pages(course.folder)) == quiet
    assert f"{STUDENTS} were done already" in finish(course.folder)


def forget(course, database):
    """Everybody's marks and pages."""
    with Gradebook(database.url) as gradebook:
        for student in gradebook.students:
            gradebook.remove_student(student.id)
    for step in ("autograded", "feedback"):
        shutil.rmtree(course.folder / step, ignore_errors=True)
