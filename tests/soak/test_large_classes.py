"""Protects a class of a thousand: killed and started again, on Dask's workers, on PostgreSQL. Each takes minutes."""

import random
import shutil
import time
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook

from autograder.executors import batch
from autograder.executors.dask import DaskCluster
from autograder.grading import Grader
from autograder.notebooks.choosing import submissions
from autograder.notebooks.submission import Release
from autograder.settings import Settings
from tests.autograder.conftest import new_course
from tests.autograder.executors.cluster import cluster
from tests.autograder.nbgrader.killing import count, finish, kill, start
from tests.autograder.nbgrader.marks import marks, pages
from tests.autograder.nbgrader.postgres import server
from tests.submissions.crowd import hand_in

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]
STUDENTS = 1000


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = new_course(tmp_path_factory.mktemp("course"))
    hand_in(course.folder, STUDENTS)
    return course


@pytest.fixture(scope="module")
def quiet(course):
    """Marks and pages of a run that nobody disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_VERDICTS", "")
        patch.delenv("GRADEBOOK_URL", raising=False)
        assert f"{STUDENTS} submissions recorded" in finish(course.folder)
        yield marks(url(course)), pages(course.folder)


def url(course):
    return f"sqlite:///{course.folder / 'gradebook.db'}"


def forget(course, database):
    with Gradebook(database) as gradebook:
        for student in gradebook.students:
            gradebook.remove_student(student.id)
    for step in ("autograded", "feedback"):
        shutil.rmtree(course.folder / step, ignore_errors=True)


def test_killed_again_and_again_it_ends_like_a_quiet_run(course, quiet):
    assert len({key[0] for key in quiet[0]}) == STUDENTS
    forget(course, url(course))
    rng, kills = random.Random(1000), 0
    while kill(course.folder, rng, more=200):
        kills += 1
    finish(course.folder)
    assert kills >= 8
    assert (marks(url(course)), pages(course.folder)) == quiet
    assert f"{STUDENTS} were done already" in finish(course.folder)


def test_dask_workers_one_killed_midway_give_the_grades_of_the_local_run(course, tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_VERDICTS", "")
    work, records, seen = (
        submissions(course.folder / "submitted", Release.of(Settings()))[0],
        batch.Records(STUDENTS),
        set(),
    )
    with cluster(tmp_path, 3) as (address, workers), Grader(Settings.from_environment()) as grader:
        for place, record in batch.examined(grader, work, DaskCluster(address)):
            assert place not in seen
            seen.add(place)
            records.put(place, record)
            if len(seen) == STUDENTS // 2:
                workers[0].kill()
    local = batch.grade_all(work, Settings.from_environment(), "auto", 2)
    assert len(seen) == STUDENTS
    both = zip(local, records, strict=True)
    differ = [here for here, there in both if replace(here, seconds=0) != replace(there, seconds=0)]
    assert not differ, differ[0]


def test_postgresql_restarted_under_several_graders(course, quiet, monkeypatch):
    with server() as database:
        monkeypatch.setenv("GRADEBOOK_URL", database.url)
        monkeypatch.setenv("AUTOGRADER_VERDICTS", "")
        course.nbgrader("generate_assignment", "gpt2", "--force", GRADEBOOK_URL=database.url)
        for step in ("autograded", "feedback"):
            shutil.rmtree(course.folder / step)
        graders = [start(course.folder) for _ in range(2)]
        for files in range(200, 2 * STUDENTS, 400):
            while count(course.folder) < files:
                assert any(grader.poll() is None for grader in graders)
                time.sleep(0.1)
            database.restart()
        said = [grader.communicate()[0] for grader in graders]
        assert [grader.returncode for grader in graders] == [0, 0], "\n".join(said)
        assert (marks(database.url), pages(course.folder)) == quiet
