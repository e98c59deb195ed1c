"""The notebook is what nbgrader, students and graders expect: metadata, order, no outputs; it runs top to bottom."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.doors import release

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "source" / "gpt2"
POINTS = {
    "cosine_similarity": 10,
    "softmax": 10,
    "layer_norm": 10,
    "attention": 20,
    "end_to_end": 20,
    "sample_top_n": 20,
}
SECONDS = 60  # for a notebook from top to bottom with the tiny model; it takes about 6 on two idle cores


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(SOURCE / "gpt2.ipynb", as_version=nbformat.NO_CONVERT)


@pytest.fixture(scope="module", params=["solved", "untouched"])
def folder(request, tmp_path_factory) -> Path:
    """A copy of the assignment far from the repository, as a student has it."""
    scratch = tmp_path_factory.mktemp(request.param)
    if request.param == "untouched":
        return release.generate(scratch, "gpt2")
    return shutil.copytree(SOURCE, scratch / "gpt2", ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture(scope="module", autouse=True)
def tiny_only(tmp_path_factory):
    """Whatever models this machine has, these tests see the embedded one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GPT2_MODELS_DIR", str(tmp_path_factory.mktemp("no-models")))
        yield


def graded(notebook) -> dict:
    return {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}


def test_valid_notebook_without_outputs(notebook):
    nbformat.validate(notebook)
    assert all(not c.outputs and c.execution_count is None for c in notebook.cells if c.cell_type == "code")


def test_grade_ids_kinds_and_points(notebook):
    cells = graded(notebook)
    functions = [name for name in POINTS if name != "end_to_end"]
    assert set(cells) >= {"setup", "compare_sampling", *functions, *(f"test_{name}" for name in POINTS)}
    for name in functions:
        assert cells[name].metadata.nbgrader | {"grade": False, "solution": True, "locked": False} == (
            cells[name].metadata.nbgrader
        )
        assert "### BEGIN SOLUTION" in cells[name].source
    for name, points in POINTS.items():
        meta = cells[f"test_{name}"].metadata.nbgrader
        assert (meta.grade, meta.solution, meta.locked, meta.points) == (True, False, True, points)
    written = cells["compare_sampling"]
    assert (written.cell_type, written.metadata.nbgrader.points) == ("markdown", 10)
    assert all(c.metadata.nbgrader.schema_version == 3 for c in cells.values())


def test_only_the_setup_cell_is_tagged_and_it_needs_numpy_alone(notebook):
    tagged = [c.source for c in notebook.cells if "setup" in c.metadata.get("tags", [])]
    assert tagged == ["import numpy as np"]


def test_cells_that_only_show_things_say_so(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            assert re.match(
                r"# (Only shows something|Opens the model): nothing to do here, not graded\.\n", cell.source
            )


def test_parts_come_in_order(notebook):
    heads = re.findall(r"^#+ (\d[.\d]*) ", "\n".join(c.source for c in notebook.cells), flags=re.M)
    assert heads == ["1", "2", "3", "4", "4.1", "4.2", "4.3", "5"]


def test_runs_from_top_to_bottom_without_an_error(folder):
    notebook = nbformat.read(folder / "gpt2.ipynb", as_version=4)
    NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [(c, o) for c in notebook.cells for o in c.get("outputs", [])]
    wrong = [c.source for c, o in outputs if o.output_type == "error"]
    noisy = [c.metadata.nbgrader.grade_id for c, o in outputs if o.get("name") == "stderr"]
    text = str([o for _, o in outputs])
    assert wrong == []
    if "untouched" in str(folder):
        assert noisy == [f"test_{name}" for name in POINTS]
        assert "is not written yet" in text and "Made with the kit's own function" in text
    else:
        assert noisy == []
        assert "GPT-2, on your functions" in text and "Made with your attention" in text
        assert "5 of 5 functions done" in text
    assert sum("image/png" in o.get("data", {}) for _, o in outputs) == 4


def test_nbgrader_validate_tells_right_from_unwritten(folder):
    command = [sys.executable, "-m", "nbgrader", "validate", "gpt2.ipynb"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=4 * SECONDS, env=environment())
    said = done.stdout + done.stderr
    if "untouched" in str(folder):
        assert "VALIDATION FAILED ON 7 CELL(S)" in said  # the written answer too: it is the stub's
        assert "softmax is not written yet" in said and "Traceback" not in said
    else:
        assert "Success! Your notebook passes all the tests." in said


def environment() -> dict[str, str]:
    """Of nbgrader's child processes, which look for `jupyter` on the path."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
