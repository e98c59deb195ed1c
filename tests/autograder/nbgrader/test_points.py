"""Protects the points: changed in the notebook's metadata, they are told wherever a released assignment tells them."""

import json
import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.nbgrader.points import beside_in, write_table
from autograder.settings import REPOSITORY
from tests.autograder.conftest import QUICK, new_course
from tests.submissions.build import HERE


@pytest.mark.long
def test_points_changed_and_only_the_stock_command_run(tmp_path):
    course = new_course(tmp_path)
    new = {"test_softmax": 12.5, "test_end_to_end": 17, "compare_sampling": 5}
    source = tmp_path / "source" / "gpt2" / "gpt2.ipynb"
    other = json.loads(source.read_text())
    for it in [cell["metadata"].get("nbgrader", {}) for cell in other["cells"]]:
        if it.get("grade_id") in new:
            it["points"] = new[it["grade_id"]]
    before = source.read_text()
    source.write_text(json.dumps(other))
    (tmp_path / "source/gpt2/bonus.ipynb").write_text(json.dumps(other))
    (tmp_path / "source/ps1").mkdir()
    (tmp_path / "source/ps1/problem.ipynb").write_text(json.dumps(other))
    said = course.nbgrader("generate_assignment", "gpt2", "--force").stderr
    assert said.count("Nobody can earn the 94.5 points of bonus.ipynb: only gpt2.ipynb is graded.") == 1
    assert "No table" not in said
    released = tmp_path / "release" / "gpt2"
    table = "".join(json.loads((released / "gpt2.ipynb").read_text())["cells"][0]["source"])
    found = {name: float(n) for name, n in re.findall(r"^\| `(\w+)`.*\| ([\d.]+) \|$", table, re.M)}
    assert found == {
        "cosine_similarity": 10,
        "softmax": 12.5,
        "layer_norm": 10,
        "attention": 20,
        "end_to_end": 17,
        "sample_top_n": 20,
        "compare_sampling": 5,
    }
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONSAFEPATH"}  # a local pool of this process has set it
    shown = "from gptkit.notebook import feedback as f; print(f.__file__, f.examine('softmax', {'softmax': abs}).score)"
    done = subprocess.run([sys.executable, "-c", shown], cwd=released, env=plain, capture_output=True, text=True)
    assert done.stdout.startswith(str(released)) and done.stdout.endswith(" of 6.88 points\n"), done.stderr
    said = course.nbgrader("generate_assignment", "ps1").stderr  # another assignment of the course, of nobody's concern
    assert "WARNING" not in said and [p.name for p in (tmp_path / "release/ps1").iterdir()] == ["problem.ipynb"]

    course.hand_in("ada", HERE / "right" / "perfect.py")
    command = [sys.executable, "-m", "nbgrader", "autograde", "gpt2"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **QUICK}, capture_output=True, text=True)
    wrong = (
        "The gradebook has other points than the release, for softmax, end_to_end. First: nbgrader generate_assignment"
    )
    assert done.returncode == 1 and f"{wrong} gpt2 --force" in done.stderr and "Traceback" not in done.stderr
    source.write_text(before)
    course.nbgrader("generate_assignment", "gpt2", "--force")
    beside = "Nobody can earn the 94.5 points of bonus.ipynb: only gpt2.ipynb is graded."
    assert beside in course.nbgrader("autograde", "gpt2").stderr
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        assert beside_in(gradebook, "gpt2") == [beside]
        assert beside_in(gradebook, "no such") == beside_in(gradebook, "ps1 of nobody") == []
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "course", "grade", "gpt2"],
        cwd=tmp_path,
        env={**os.environ, **QUICK},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and f"  {beside}\n" in done.stdout


def test_a_table_without_a_row_for_something_graded_is_told_of():
    notebook = nbformat.read(REPOSITORY / "source" / "gpt2" / "gpt2.ipynb", as_version=4)
    assert write_table(notebook) == []
    before = notebook.cells[0].source
    write_table(notebook)
    assert notebook.cells[0].source == before
    notebook.cells[0].source = before.replace("`end_to_end`", "end to end")
    assert write_table(notebook) == ["end_to_end"]
    del notebook.cells[0]
    assert set(write_table(notebook)) >= {"softmax", "end_to_end", "compare_sampling"}


def test_the_configuration_neither_reads_settings_nor_draws_a_seed():
    """Jupyter reads it, too; and what fails in it makes nbgrader go on without it."""
    code = (
        "import autograder.settings as s; s.course_seed = s.Settings.from_environment = lambda *_: 1 / 0; "
        "from traitlets.config.loader import PyFileConfigLoader as Loader; "
        "print(Loader('nbgrader_config.py').load_config().Autograde.exporter_class)"
    )
    broken = {**os.environ, "AUTOGRADER_LIMITS": "five", "AUTOGRADER_SEED": "", "AUTOGRADER_ASSIGNMENT": "../x"}
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, env=broken, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("autograder.nbgrader.SubmissionExporter\n", "")


def test_without_autograder_no_command_runs(tmp_path):
    """With nbgrader's own configuration, students' code would run unprotected."""
    (tmp_path / "nbgrader_config.py").write_text((REPOSITORY / "nbgrader_config.py").read_text())
    (tmp_path / "autograder.py").write_text("")  # found first, and without what is asked of it
    command = [sys.executable, "-m", "nbgrader", "autograde", "gpt2"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("nbgrader_config.py: No module named 'autograder.nbgrader'")
    assert len(done.stderr.splitlines()) == 1
