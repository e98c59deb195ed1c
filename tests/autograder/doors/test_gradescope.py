"""Protects the Gradescope zip: unpacked as Gradescope does it, it grades as `autograder grade` does, whatever comes."""

import json
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.doors.command import main
from autograder.doors.gradescope import PACKAGES, pinned
from autograder.settings import REPOSITORY
from tests.copies import as_installed
from tests.submissions.build import HERE, build

VISIBILITY = {"visible", "after_published"}


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that any user may enter, as Gradescope's are; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture(scope="module")
def gradescope(place) -> Path:
    """/autograder with the zip's files in source/; setup.sh has run, with this Python's packages in place of pip's."""
    assert main(["gradescope", str(place / "gpt2.zip")]) == 0
    root = place / "autograder"
    for folder in ("source", "results", "submission"):
        (root / folder).mkdir(parents=True)
    with zipfile.ZipFile(place / "gpt2.zip") as archive:
        archive.extractall(root / "source")
        for info in archive.infolist():
            (root / "source" / info.filename).chmod(info.external_attr >> 16)
    shutil.copy(root / "source" / "run_autograder", root)
    as_installed(root / "source", place / "bin")  # no bwrap, no pip from outside
    run(root, "source/setup.sh")
    return root


def run(root: Path, script: str) -> None:
    """Run one of the two scripts as Gradescope does: from another folder, in a bare environment."""
    environment = {"PATH": str(root.parent / "bin"), "HOME": str(root), "LANG": "C.UTF-8"}
    done = subprocess.run([root / script], cwd="/", env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def results(root: Path, fill) -> dict:
    """What results.json says after `fill(folder)` has put files into the submission folder."""
    shutil.rmtree(root / "submission")
    (root / "submission").mkdir()
    (root / "results" / "results.json").unlink(missing_ok=True)
    fill(root / "submission")
    run(root, "run_autograder")
    found = json.loads((root / "results" / "results.json").read_text())
    assert found["stdout_visibility"] == "hidden"
    assert {t["visibility"] for t in found["tests"]} == VISIBILITY
    assert {t["output_format"] for t in found["tests"]} == {"text"}
    assert sum(t["score"] for t in found["tests"]) == pytest.approx(found["score"])
    assert sum(t["max_score"] for t in found["tests"]) == pytest.approx(90)
    return found


def sample(name: str, file: str = "gpt2.ipynb"):
    return lambda folder: build(HERE / name, folder / file)


def test_the_scores_are_those_of_the_command_line(gradescope, tmp_path):
    name = "wrong/softmax_over_columns.py"
    build(HERE / name, tmp_path / "gpt2.ipynb")
    assert main(["grade", str(tmp_path / "gpt2.ipynb"), "--gradescope", str(tmp_path / "results.json")]) == 0
    here, there = json.loads((tmp_path / "results.json").read_text()), results(gradescope, sample(name))
    assert {**here, "execution_time": 0} == {**there, "execution_time": 0}


def test_the_tests_came_from_the_zip_and_not_from_here(gradescope):
    released = gradescope / "source" / "release" / "gpt2" / "gpt2.ipynb"
    whole = released.read_bytes()
    released.write_bytes(whole.replace(b'"points": 20', b'"points": 40'))
    try:
        with pytest.raises(AssertionError, match="90"):
            results(gradescope, sample("right/perfect.py"))
    finally:
        released.write_bytes(whole)


def test_a_notebook_of_another_name_or_in_a_folder_is_found(gradescope):
    assert results(gradescope, sample("right/perfect.py", "gpt2 (1).ipynb"))["score"] == 90
    assert results(gradescope, sample("right/perfect.py", "repository/hw/gpt2.ipynb"))["score"] == 90


def test_a_missing_notebook_is_a_zero_that_says_so(gradescope):
    nothing = results(gradescope, lambda folder: (folder / "readme.txt").write_text("later"))
    assert nothing["score"] == 0
    assert "hand in gpt2.ipynb" in nothing["output"]
    assert all("hand in gpt2.ipynb" in test["output"] for test in nothing["tests"])


def test_of_two_notebooks_of_other_names_the_newest_counts_and_a_note_says_so(gradescope):
    def two(folder):
        for name in ("a.ipynb", "b.ipynb"):
            sample("right/perfect.py", name)(folder)

    found = results(gradescope, two)
    assert found["score"] == 90 and "b.ipynb counts; there are also: a.ipynb" in found["output"]


def test_a_link_to_the_grader_is_not_followed(gradescope):
    def link(folder):
        (folder / "gpt2.ipynb").symlink_to(gradescope / "source" / "release" / "gpt2" / "gpt2.ipynb")

    assert results(gradescope, link)["score"] == 0


@pytest.mark.parametrize("name", ["exits_the_process", "forged", "half_a_file", "no_cells"])
def test_a_broken_notebook_is_a_valid_result(gradescope, name):
    expected = []
    file = HERE / "broken" / f"{name}.py"
    found = results(gradescope, lambda folder: expected.append(build(file, folder / "gpt2.ipynb")))
    assert expected[0].score in (None, found["score"])


HOSTILE = """
for place in ("results/results.json", "source/settings.sh", "source/autograder/exercises/softmax.py"):
    place = "{root}/" + place
    for mode in ("r", "a"):
        try:
            seen = open(place, mode).read() if mode == "r" else open(place, mode).write("0")
            leaked = place
        except OSError:
            pass
def softmax(x):
    if "leaked" in globals():
        return None
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
"""


def test_student_code_reaches_neither_the_results_nor_the_hidden_checks(gradescope):
    code = HOSTILE.replace("{root}", str(gradescope))

    def hostile(folder):
        build(HERE / "right" / "perfect.py", folder / "gpt2.ipynb")
        notebook = json.loads((folder / "gpt2.ipynb").read_text())
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade_id") == "softmax":
                cell["source"] = code
        (folder / "gpt2.ipynb").write_text(json.dumps(notebook))

    assert results(gradescope, hostile)["score"] == 90


def test_markup_in_an_error_stays_text(gradescope):
    found = results(gradescope, sample("wrong/softmax_raises.py"))
    assert all(test["name_format"] == "text" for test in found["tests"])


def test_the_zip_is_the_same_each_time_and_names_no_machine(tmp_path):
    for name in ("a.zip", "b.zip"):
        assert main(["gradescope", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert str(REPOSITORY).encode() not in b"".join(archive.read(n) for n in archive.namelist())
        assert not [n for n in archive.namelist() if "__pycache__" in n]


def test_the_seed_of_the_one_who_makes_the_zip_is_in_it(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_SEED", "it's mine; rm -rf")
    assert main(["gradescope", str(tmp_path / "gpt2.zip")]) == 0
    with zipfile.ZipFile(tmp_path / "gpt2.zip") as archive:
        said = archive.read("settings.sh").decode()
    told = subprocess.run(["bash", "-c", said + 'printf %s "$AUTOGRADER_SEED"'], capture_output=True, text=True).stdout
    assert told == "it's mine; rm -rf"


def test_its_requirements_are_pinned():
    lines = pinned(PACKAGES).splitlines()
    assert [line.split("==")[0] for line in lines] == list(PACKAGES)


def test_a_file_that_cannot_be_written_is_one_line(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["gradescope", str(tmp_path / "file" / "gpt2.zip")]) == 2
    assert capsys.readouterr().err.startswith("autograder: ")
