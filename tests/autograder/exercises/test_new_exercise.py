"""Protects docs/new-exercise.md: who follows it word for word has a new exercise, and has changed nothing else."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from tests.copies import ROOT, bash, blocks, copy_repository, tracked
from tests.submissions.build import find

pytestmark = pytest.mark.long  # each goes on where the one before it ended

PAGE = blocks(ROOT / "docs" / "new-exercise.md")
ANSWER = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "task": False}
TESTS = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False}
CHECKED = "pytest > log || cat page.md"
WRONG = "def gelu(x):\n    return np.maximum(x, 0)\n"


@pytest.fixture(scope="module")
def copied(tmp_path_factory) -> tuple[Path, dict[str, bytes]]:
    """A copy of the repository, and what is in its files."""
    copy = copy_repository(tmp_path_factory.mktemp("new") / "repository")
    return copy, {name: (copy / name).read_bytes() for name in tracked() if (copy / name).exists()}


@pytest.fixture(scope="module")
def repository(copied) -> Path:
    """The copy with the page's files and cells in it."""
    copy, _ = copied
    for block in PAGE:
        if file := block.words.get("file"):
            assert not (copy / file).exists()
            (copy / file).write_text(block.text)
    add_cells(copy / "source" / "gpt2" / "gpt2.ipynb")
    second_notebook(copy / "source")
    return copy


def second_notebook(source: Path) -> None:
    """What the page's last section describes, made of cells of the first notebook."""
    notebook = nbformat.read(source / "gpt2" / "gpt2.ipynb", as_version=4)
    kept = ("softmax", "test_softmax", "gelu", "test_gelu")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    named = [cell for cell in code if cell.metadata.get("nbgrader", {}).get("grade_id") in kept]
    notebook.cells = [*code[:2], *named]
    (source / "activations").mkdir()
    nbformat.write(notebook, source / "activations" / "activations.ipynb")


def add_cells(path: Path) -> None:
    """What the Create Assignment panel does with the page's cells, below test_attention."""
    notebook = nbformat.read(path, as_version=4)
    place = find(notebook, "test_attention") + 1
    for block in reversed([block for block in PAGE if "cell" in block.words]):
        points = block.words.get("points")
        kind = TESTS | {"points": int(points)} if points else ANSWER
        named = {"nbgrader": {"grade_id": block.words["cell"], **kind}}
        notebook.cells.insert(place, new_code_cell(block.text.rstrip("\n"), metadata=named))
    nbformat.write(notebook, path)


def test_the_page_makes_an_exercise(repository, tmp_path):
    _, said, second = [bash(block.text, repository) for block in PAGE if "run" in block.words]
    assert re.search(r"^  gelu +10 / 10 +passed", said, re.M)
    assert re.search(r"^  total +100 / 100", said, re.M)
    assert re.search(r"^  softmax .*passed\n  gelu +10 / 10 +passed\n  total +20 / 20", second, re.M)
    with Gradebook(f"sqlite:///{repository / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission("activations", "me").score == 20
    said = bash(CHECKED, repository.parent / "activations-for-students", GITHUB_STEP_SUMMARY="page.md")
    assert "| ❌ softmax |" in said and "| ❌ gelu |" in said and "attention" not in said
    released = json.loads((repository / "release" / "gpt2" / "gpt2.ipynb").read_text())
    stub = released["cells"][find(released, "gelu")]
    assert "NotImplementedError" in "".join(stub["source"])
    stub["source"] = WRONG
    (tmp_path / "wrong.ipynb").write_text(json.dumps(released))
    bash('autograder grade "$AT/wrong.ipynb" --json "$AT/results.json"', repository, AT=str(tmp_path))
    (record,) = json.loads((tmp_path / "results.json").read_text())
    (gelu,) = (e for e in record["exercises"] if e["name"] == "gelu")
    assert gelu["status"] in ("failed", "partial") and gelu["score"] < 5
    assert {check["mistake"] for check in gelu["checks"] if check["mistake"]} == {"relu"}


def test_an_assignment_is_not_graded_by_anothers_notebook(repository):
    said = bash("nbgrader autograde activations --force 2>&1 || true", repository)
    assert "This grades gpt2. For another assignment set AUTOGRADER_ASSIGNMENT=activations." in said


def test_nothing_else_in_the_repository_changed(copied):
    folder, before = copied
    made = ("source/gpt2/gpt2.ipynb", "source/gpt2/gptkit/checks/data/", "release/gpt2/", "solutions/gpt2.html")
    changed = [name for name, content in before.items() if (folder / name).read_bytes() != content]
    assert "source/gpt2/gptkit/checks/data/points.json" in changed
    assert not [name for name in changed if not name.startswith(made)]


def test_students_check_knows_it(repository):
    code = "from gptkit.notebook.feedback import examine; from picoGPT.gpt2_pico import gelu"
    said = bash(f"""python -c "{code}; print(examine('gelu', {{'gelu': gelu}}))" """, repository)
    assert "gelu: 6 of 6 points" in said and "1 of 6 functions done" in said
