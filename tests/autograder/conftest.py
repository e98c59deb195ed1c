"""One class for all tests of the ways in: every sample submission, handed in as a student's folder of a course."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.submissions.build import ROOT, Expectation, all_submissions, build

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader's API starts `alembic`

NO_KEPT_VERDICTS = {"AUTOGRADER_VERDICTS": ""}  # every way in examines for itself
QUICK = {"AUTOGRADER_LIMITS": "call_seconds=3,load_seconds=3,submission_seconds=20", "PYTHONWARNINGS": "ignore"}


@dataclass
class Course:
    """A course folder beside the repository's; `nbgrader` runs there as an instructor would run it."""

    folder: Path

    def nbgrader(self, *words: str, **environment: str) -> subprocess.CompletedProcess:
        """Run the stock command; fails the test when it fails."""
        clean = {k: v for k, v in os.environ.items() if k != "GRADEBOOK_URL"} | NO_KEPT_VERDICTS | QUICK
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", *words],
            cwd=self.folder,
            env=clean | environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done

    def hand_in(self, student: str, sample: Path) -> Expectation:
        return build(sample, self.submitted(student))

    def submitted(self, student: str) -> Path:
        return self.folder / "submitted" / student / "gpt2" / "gpt2.ipynb"


def new_course(folder: Path) -> Course:
    """A course as the repository has it, its assignment generated."""
    shutil.copytree(ROOT / "source", folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    course = Course(folder)
    course.nbgrader("generate_assignment", "gpt2")
    return course


@pytest.fixture(scope="session", params=["most", pytest.param("all", marks=pytest.mark.soak)])
def whole_class(request, tmp_path_factory) -> tuple[Course, dict[str, Expectation]]:
    """The course with the sample submissions, some of them graded by nbgrader; expectations by student.

    Hostile ones take seconds each, so only some of them are in it in `make test`; `make attack` runs them all. nbgrader
    takes a second for each, and what may go wrong there depends on a notebook's form: it grades each kind of broken
    one, and a third of those that differ from the right ones in a function only.
    """
    course, most = new_course(tmp_path_factory.mktemp("course")), request.param == "most"
    functions, hostile = all_submissions("right", "wrong"), all_submissions("hostile")
    samples = [*functions, *all_submissions("broken"), *hostile[:: 18 if most else 1]]
    students = {sample: f"{sample.parent.name}-{sample.stem}" for sample in samples}
    late = [sample for number, sample in enumerate(functions) if number % 3] if most else []
    expected = {students[sample]: course.hand_in(students[sample], sample) for sample in samples if sample not in late}
    course.nbgrader("autograde", "gpt2")
    expected |= {students[sample]: course.hand_in(students[sample], sample) for sample in late}
    return course, expected
