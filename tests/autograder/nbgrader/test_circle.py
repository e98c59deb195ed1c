"""Protects nbgrader's whole circle: a real exchange, an instructor and two students who are different Unix users.

Where the tests do not run as root, or the repository lies in a folder closed to others, all are one user with different
homes. Where only this machine's Python is closed to others, they are lent the right to read it.
"""

import csv
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from tests.machine import Part, skip_without
from tests.submissions.build import HERE, ROOT, build

BIN = Path(sys.executable).parent
pytestmark = pytest.mark.long
SPARSE = 150 << 20  # more than nbgrader lets anyone submit


@dataclass
class Person:
    """Somebody with a home of their own, who runs commands in it as themselves."""

    name: str
    uid: int
    home: Path
    config: Path

    def command(self, *words: str, lend: bool = True) -> list[str]:
        """The words, to be run as this user; `lend` them the right to read what Python lies in, where they need it."""
        if not several():
            return [*words]
        become = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        if lend and closed(Path(sys.executable).resolve()):
            become += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]
        return [*become, *words]

    def environment(self, **more: str) -> dict[str, str]:
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        own = {"HOME": str(self.home), "PATH": path, "JUPYTER_CONFIG_PATH": str(self.config), "LANG": "C.UTF-8"}
        own |= {"AUTOGRADER_SEED": "0"}  # nobody here may write where the grader lies, and draw one there
        return own | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONWARNINGS": "ignore"} | more

    def run(self, *words: str, where: str = ".") -> str:
        """What a command says; the test fails when it fails."""
        done = subprocess.run(
            self.command(*words), cwd=self.home / where, env=self.environment(), capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr[-3000:]
        return done.stdout + done.stderr

    def nbgrader(self, *words: str) -> str:
        return self.run(sys.executable, "-m", "nbgrader", *words)

    def owns(self, path: Path) -> None:
        """Hand a file or folder over to this user."""
        if several():
            for each in [path, *path.rglob("*")]:
                os.chown(each, self.uid, self.uid, follow_symlinks=False)


def closed(path: Path) -> bool:
    """Whether another user cannot get at a file because of a folder above it."""
    return any(not folder.stat().st_mode & 0o001 for folder in path.parents)


def several() -> bool:
    """Whether the three can be different users here."""
    return os.geteuid() == 0 and shutil.which("setpriv") is not None and not closed(ROOT)


@dataclass
class Circle:
    """Everybody, and the exchange between them."""

    exchange: Path
    teacher: Person
    ada: Person
    ben: Person

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.teacher.home / 'gradebook.db'}")

    def hand_in(self, student: Person, sample: str) -> None:
        build(HERE / f"{sample}.py", student.home / "gpt2" / "gpt2.ipynb")
        student.owns(student.home / "gpt2")
        student.nbgrader("submit", "gpt2")

    def grade(self, student: Person):
        """(score in all, points given by hand)"""
        with self.gradebook() as gradebook:
            by_hand = gradebook.find_grade("compare_sampling", "gpt2", "gpt2", student.name)
            return gradebook.find_submission("gpt2", student.name).score, by_hand.manual_score


@pytest.fixture(scope="module")
def circle():
    """Homes that only their owners may enter, and one configuration for all, as on a shared JupyterHub."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "exchange").mkdir()
        (place / "exchange").chmod(0o777)
        (place / "etc").mkdir()
        (place / "etc" / "nbgrader_config.py").write_text(
            f"c = get_config()\nc.CourseDirectory.course_id = 'gpt2-course'\nc.Exchange.root = '{place / 'exchange'}'\n"
        )
        users = [user for user in pwd.getpwall() if 0 < user.pw_uid < 100][:3]  # any that the machine has
        if not several():
            users = [pwd.getpwuid(os.geteuid())] * 3
        people = []
        for role, user in zip(("teacher", "ada", "ben"), users, strict=True):
            person = Person(user.pw_name, user.pw_uid, place / role, place / "etc")
            person.home.mkdir(mode=0o700)
            people.append(person)
        teacher = people[0]
        shutil.copytree(ROOT / "source", teacher.home / "source", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "nbgrader_config.py", teacher.home)
        for person in people:
            person.owns(person.home)
        yield Circle(place / "exchange", *people)


def test_the_instructor_releases_and_students_fetch(circle):
    circle.teacher.nbgrader("generate_assignment", "gpt2")
    circle.teacher.nbgrader("release_assignment", "gpt2")
    for student in (circle.ada, circle.ben):
        assert "gpt2" in student.nbgrader("list")
        student.nbgrader("fetch_assignment", "gpt2")
        assert (student.home / "gpt2" / "gptkit" / "tiny" / "model.safetensors").exists()


def test_weights_never_come_to_lie_in_the_assignment(circle):
    """python -m gptkit fetch, run beside the notebook, writes to the student's cache; so submitting stays possible."""
    where = "import gptkit, gptkit.weights; print(gptkit.__file__); print(gptkit.weights.models_dir())"
    kit, models = circle.ada.run(sys.executable, "-c", where, where="gpt2").split()
    assert Path(kit) == circle.ada.home / "gpt2" / "gptkit" / "__init__.py"
    assert Path(models).is_relative_to(circle.ada.home)
    assert not Path(models).is_relative_to(circle.ada.home / "gpt2")
    Path(models, "124M").mkdir(parents=True)
    with Path(models, "124M", "model.safetensors").open("wb") as file:
        file.truncate(SPARSE)
    with (circle.ben.home / "gpt2" / "weights").open("wb") as file:
        file.truncate(SPARSE)
    with pytest.raises(AssertionError, match="too big"):
        circle.ben.nbgrader("submit", "gpt2")
    (circle.ben.home / "gpt2" / "weights").unlink()


def test_two_submissions_a_late_one_and_the_last_counts(circle):
    circle.hand_in(circle.ada, "wrong/untouched")
    time.sleep(1.1)  # nbgrader tells submissions apart by the second
    circle.hand_in(circle.ada, "right/perfect")
    due = (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S UTC")  # whole seconds, so: up
    circle.teacher.nbgrader("db", "assignment", "add", "gpt2", f"--duedate={due}")
    time.sleep(1.1)
    circle.hand_in(circle.ben, "wrong/softmax_over_columns")
    circle.teacher.nbgrader("collect", "gpt2")
    circle.teacher.nbgrader("autograde", "gpt2")
    if circle.ada.name != circle.ben.name:
        assert circle.grade(circle.ada) == (90, None)
        with circle.gradebook() as gradebook:
            assert gradebook.find_submission("gpt2", circle.ada.name).total_seconds_late == 0
            assert 60 < gradebook.find_submission("gpt2", circle.ben.name).score < 90
    with circle.gradebook() as gradebook:
        assert gradebook.find_submission("gpt2", circle.ben.name).total_seconds_late > 0


def test_a_student_sees_nothing_of_anothers(circle):
    if not several():
        skip_without(Part.USERS)
    for place in (circle.exchange / "gpt2-course" / "inbound", circle.ada.home):
        done = subprocess.run(circle.ben.command("ls", str(place), lend=False), capture_output=True, text=True)
        assert "Permission denied" in done.stderr


def test_marks_given_by_hand_stay_and_reach_the_student(circle):
    with circle.gradebook() as gradebook:
        for student in {circle.ada.name, circle.ben.name}:
            grade = gradebook.find_grade("compare_sampling", "gpt2", "gpt2", student)
            assert grade.needs_manual_grade
            grade.manual_score, grade.needs_manual_grade = 7, False
            comment = gradebook.find_comment("compare_sampling", "gpt2", "gpt2", student)
            comment.manual_comment = "Which of your outputs shows that?"
        gradebook.db.commit()
    before = circle.grade(circle.ada)
    circle.teacher.nbgrader("autograde", "gpt2", "--force")
    assert circle.grade(circle.ada) == before and before[1] == 7
    with circle.gradebook() as gradebook:  # and they are not asked for again
        assert not gradebook.find_grade("compare_sampling", "gpt2", "gpt2", circle.ada.name).needs_manual_grade
    circle.teacher.nbgrader("generate_feedback", "gpt2")
    circle.teacher.nbgrader("release_feedback", "gpt2")
    last = {
        student.name: student for student in (circle.ada, circle.ben)
    }  # where they are one, it is ben's that counts
    for student in last.values():
        student.nbgrader("fetch_feedback", "gpt2")
        page = max(student.home.glob("gpt2/feedback/*/gpt2.html"))
        assert "Which of your outputs shows that?" in page.read_text()
        assert page.stat().st_uid == student.uid


def test_the_export_has_a_row_for_each(circle):
    circle.teacher.nbgrader("export", "--to", "grades.csv")
    with (circle.teacher.home / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == {circle.ada.name, circle.ben.name}
    assert float(rows[circle.ben.name]["max_score"]) == 100
    if circle.ada.name != circle.ben.name:
        assert float(rows[circle.ada.name]["score"]) == 97


def test_nothing_large_and_no_kit_is_kept_for_each_student(circle):
    for step in ("submitted", "autograded", "feedback"):
        for student in {circle.ada.name, circle.ben.name}:
            folder = circle.teacher.home / step / student / "gpt2"
            found = {p.name for p in folder.iterdir()}
            assert found <= {"gpt2.ipynb", "gpt2.html", "timestamp.txt", "submission_secret.txt"}
            assert sum(p.stat().st_size for p in folder.iterdir()) < 2 << 20
