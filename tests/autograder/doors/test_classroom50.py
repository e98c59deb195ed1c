"""Protects the folder for Classroom 50: bundled and run as its runner does, it keeps the contract of result.json."""

import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.doors.classroom50 import scale
from autograder.doors.command import main
from autograder.record import CheckResult, ExerciseResult, Record
from tests.copies import as_installed
from tests.submissions.build import HERE, build

LARGEST = 10 << 20  # bytes of a bundle that its runner fetches
TOLD = {
    "CLASSROOM": "transformers",
    "ASSIGNMENT": "gpt2",
    "SUBMISSION_TAG": "submit/2026-10-30T20-00-00Z-a1b2c3d",
    "COMMIT_URL": "https://github.com/school/transformers-gpt2-ada/commit/a1b2c3d",
    "RELEASE_URL": "https://github.com/school/transformers-gpt2-ada/releases/tag/submit%2F2026",
    "REVIEW_URL": "https://github.com/school/transformers-gpt2-ada/compare/0...a1b2c3d",
    "USERNAME": "ada",
    "ASSIGNMENT_TYPE": "individual",
}
TWO_WRONG = '''"""Two functions of the model are wrong, which pays a third of it.

expect: * * *
"""
# %% softmax
def softmax(x):
    e = np.exp(x - x.max(axis=0))
    return e / e.sum(axis=0)
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    return x * g + b
'''


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """What the command makes, in a place that any user may enter."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        made = Path(place) / "Übung zu" / "gpt2"
        assert main(["classroom50", str(made)]) == 0
        yield made


@pytest.fixture(scope="module")
def bundle(folder) -> Path:
    """The folder as the runner gets it: through `tar -czf`, extracted with Python's safest filter."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as archive:
        archive.add(folder, arcname="gpt2")
    assert memory.tell() < LARGEST
    memory.seek(0)
    runtime = folder.parent / "classroom50-runtime"
    with tarfile.open(fileobj=memory, mode="r:gz") as archive:
        archive.extractall(runtime, filter="data")
    as_installed(runtime / "gpt2", folder.parent / "bin")
    return runtime / "gpt2"


@pytest.fixture
def checkout(tmp_path) -> Path:
    made = tmp_path / "transformers-gpt2-ada"
    made.mkdir()
    return made


def grade(bundle: Path, checkout: Path, **told: str) -> subprocess.CompletedProcess:
    """Run the entrypoint as the runner does: this Python, in the checkout, with what it says about the submission."""
    environment = {"PATH": str(bundle.parents[1] / "bin"), "HOME": str(checkout), "LANG": "C.UTF-8"}
    environment |= TOLD | {"CLASSROOM50_BUNDLE_DIR": str(bundle)} | told
    command = [sys.executable, str(bundle / "autograder.py")]
    return subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, timeout=120)


def graded(bundle: Path, checkout: Path) -> dict:
    """result.json, which keeps the contract."""
    done = grade(bundle, checkout)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((checkout / "result.json").read_text())
    keeps_the_contract(found)
    return found


def keeps_the_contract(found: dict) -> None:
    """What Classroom 50's wiki page "Advanced Autograding" says of result.json, and its runner and collector check.

    `owner`, `assignment_type`, `datetime`, `graded_at` and `submitted_by` are the runner's to write or to write over.
    """
    assert found["schema"] == "classroom50/result/v1"
    assert (found["classroom"], found["assignment"]) == ("transformers", "gpt2")
    assert found["submission"].startswith("submit/")
    assert all(type(found[key]) is str and found[key] for key in ("commit", "release", "review", "datetime"))
    assert type(found["tests"]) is list
    for test in [found, *found["tests"]]:
        assert type(test["score"]) is int and type(test["max-score"]) is int
        assert 0 <= test["score"] <= test["max-score"]
    assert all(type(test["test-name"]) is str and test["test-name"] for test in found["tests"])
    assert all(type(test["passed"]) is bool for test in found["tests"])
    for key in ("score", "max-score"):
        assert found[key] == sum(test[key] for test in found["tests"])


@pytest.mark.parametrize("sample", ["three mistakes", "a third of the model"])
def test_the_scores_are_those_of_the_command_line_six_times(bundle, checkout, tmp_path, sample):
    (tmp_path / "two_wrong.py").write_text(TWO_WRONG)
    file = HERE / "wrong" / "three_mistakes.py" if sample == "three mistakes" else tmp_path / "two_wrong.py"
    build(file, checkout / "gpt2.ipynb")
    found = graded(bundle, checkout)
    assert main(["grade", str(checkout / "gpt2.ipynb"), "--json", str(tmp_path / "record.json")]) == 0
    (record,) = json.loads((tmp_path / "record.json").read_text())
    assert found["score"] / 6 == pytest.approx(record["score"], abs=1e-5)
    assert found["max-score"] == 540
    assert {t["test-name"]: t["score"] / 6 for t in found["tests"]} == pytest.approx(
        {e["name"]: e["score"] for e in record["exercises"]}, abs=1e-5
    )
    assert {t["test-name"] for t in found["tests"] if t["passed"]} == {
        e["name"] for e in record["exercises"] if e["status"] == "passed"
    }


def test_its_page_is_the_report_and_says_by_how_much_the_points_are_multiplied(bundle, checkout):
    build(HERE / "wrong" / "softmax_over_columns.py", checkout / "gpt2.ipynb")
    graded(bundle, checkout)
    page = (checkout / "release-body.md").read_text()
    assert "| softmax |" in page and "Each column of your result sums to 1" in page
    assert "6 times these points" in page and "540" in page


def test_a_checkout_without_a_notebook_is_a_zero_that_says_so(bundle, checkout):
    (checkout / "README.md").write_text("later")
    assert graded(bundle, checkout)["score"] == 0
    assert "hand in gpt2\\.ipynb" in (checkout / "release-body.md").read_text()


def test_what_a_student_puts_in_place_of_the_result_is_written_over(bundle, checkout, tmp_path):
    build(HERE / "wrong" / "softmax_over_columns.py", checkout / "gpt2.ipynb")
    (tmp_path / "elsewhere").write_text("mine")
    (checkout / "result.json").symlink_to(tmp_path / "elsewhere")
    (checkout / "autograder").mkdir()
    (checkout / "autograder" / "__init__.py").write_text("raise SystemExit(0)")
    assert graded(bundle, checkout)["score"] < 540
    assert (tmp_path / "elsewhere").read_text() == "mine"


def test_where_nothing_can_be_graded_there_is_no_result_and_an_error(bundle, checkout):
    build(HERE / "right" / "perfect.py", checkout / "gpt2.ipynb")
    done = grade(bundle, checkout, AUTOGRADER_LIMITS="memory_mb=50")  # the answer key does not pass either
    assert done.returncode == 3
    assert "not its author's doing" in done.stderr and "Traceback" not in done.stderr
    assert not (checkout / "result.json").exists()


def test_outside_of_classroom_50_it_says_what_is_lacking(bundle, checkout):
    source = bundle / "source" / "gpt2"
    paths = os.pathsep.join(map(str, [bundle, source, bundle / "solutions"]))
    command = [sys.executable, "-m", "autograder.doors.classroom50", str(checkout)]
    done = subprocess.run(command, cwd=bundle, env={"PYTHONPATH": paths}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "CLASSROOM, ASSIGNMENT, SUBMISSION_TAG" in done.stderr and done.stderr.count("\n") == 1


def test_the_courses_seed_is_not_published(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_SEED", "the-course's-own")
    assert main(["classroom50", str(tmp_path / "gpt2")]) == 0
    published = [p.read_bytes() for p in (tmp_path / "gpt2").rglob("*") if p.is_file()]
    assert not any(b"the-course" in content for content in published)
    assert (tmp_path / "gpt2" / "settings.sh").read_text() != (folder / "settings.sh").read_text()


def test_the_runtime_block_asks_for_bubblewrap_and_a_python_that_will_do(folder):
    runtime = json.loads((folder / "runtime.json").read_text())
    assert runtime.keys() == {"runs-on", "python", "apt"}
    assert runtime["apt"] == ["bubblewrap"]
    assert (3, 11) <= tuple(map(int, runtime["python"].split("."))) < (3, 15)


def test_an_existing_folder_is_left_alone(folder, capsys):
    assert main(["classroom50", str(folder)]) == 2
    assert "Name a new folder" in capsys.readouterr().err


def test_points_of_an_instructors_own_are_whole_numbers_too():
    def record(*points: float) -> Record:
        checks = [CheckResult(str(n), p, 0.0, False, False, "") for n, p in enumerate(points)]
        return Record(
            "", "gpt2", "tiny", "process", 0.0, sum(points), 0.0, [ExerciseResult("e", 0.0, 1.0, "failed", checks)]
        )

    assert scale(record(1.0, 2.0)) == 3
    assert scale(record(0.5, 2.5)) == 6
    assert scale(record(0.75, 2.25, 0.1)) == 60
