"""Protects docs/new-exercise.md: who follows it word for word has a new exercise, and has changed nothing else."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from tests.submissions.build import ROOT, find

PAGE = (ROOT / "docs" / "new-exercise.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w+) ([^\n]+)\n(.*?)^```$", re.M | re.S)
ANSWER = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "task": False}
TESTS = {"schema_version": 3, "grade": True, "solution": False, "locked": True, "task": False}
WRONG = "def gelu(x):\n    return np.maximum(x, 0)\n"


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """A copy of what git knows, with the page's files and cells in it."""
    copy = tmp_path_factory.mktemp("new") / "repository"
    for name in tracked():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    cells = {}
    for _, info, content in BLOCK.findall(PAGE):
        said = dict(word.split("=") for word in info.split() if "=" in word)
        if "file" in said:
            assert not (copy / said["file"]).exists()
            (copy / said["file"]).write_text(content)
        elif "cell" in said:
            cells[said["cell"]] = (content.rstrip("\n"), said.get("points"))
    add_cells(copy / "source" / "gpt2" / "gpt2.ipynb", cells)
    return copy


def tracked() -> list[str]:
    """The files that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def add_cells(path: Path, cells: dict) -> None:
    """What the Create Assignment panel does, below test_attention."""
    notebook = nbformat.read(path, as_version=4)
    place = find(notebook, "test_attention") + 1
    for name, (source, points) in reversed(cells.items()):
        kind = TESTS | {"points": int(points)} if points else ANSWER
        notebook.cells.insert(place, new_code_cell(source, metadata={"nbgrader": {"grade_id": name, **kind}}))
    nbformat.write(notebook, path)


def run(repository: Path, *words: str) -> str:
    """What a command says in the copy, with the copy's packages."""
    folders = [repository, repository / "source" / "gpt2", repository / "solutions"]
    own = {"PYTHONPATH": os.pathsep.join(map(str, folders)), "AUTOGRADER_VERDICTS": "", "PYTHONDONTWRITEBYTECODE": "1"}
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(words, cwd=repository, env=os.environ | own, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_the_page_makes_an_exercise(repository, tmp_path):
    commands = [code for kind, info, code in BLOCK.findall(PAGE) if kind == "sh" and info == "run"]
    said = [run(repository, "bash", "-ec", command) for command in commands]
    assert re.search(r"^  gelu +10 / 10 +passed", said[-1], re.M)
    assert re.search(r"^  total +100 / 100", said[-1], re.M)
    released = json.loads((repository / "release" / "gpt2" / "gpt2.ipynb").read_text())
    stub = released["cells"][find(released, "gelu")]
    assert "NotImplementedError" in "".join(stub["source"])
    stub["source"] = WRONG
    (tmp_path / "wrong.ipynb").write_text(json.dumps(released))
    run(repository, "autograder", "grade", str(tmp_path / "wrong.ipynb"), "--json", str(tmp_path / "results.json"))
    (record,) = json.loads((tmp_path / "results.json").read_text())
    (gelu,) = (e for e in record["exercises"] if e["name"] == "gelu")
    assert gelu["status"] in ("failed", "partial") and gelu["score"] < 5
    assert {check["mistake"] for check in gelu["checks"] if check["mistake"]} == {"relu"}


def test_nothing_else_in_the_repository_changed(repository):
    made = ("source/gpt2/gpt2.ipynb", "source/gpt2/gptkit/checks/data/", "release/gpt2/", "solutions/gpt2.html")
    changed = [name for name in tracked() if (repository / name).read_bytes() != (ROOT / name).read_bytes()]
    assert "source/gpt2/gptkit/checks/data/points.json" in changed
    assert not [name for name in changed if not name.startswith(made)]


def test_students_check_knows_it(repository):
    code = "import numpy as np; from gptkit.feedback import examine; from picoGPT.gpt2_pico import gelu"
    said = run(repository, sys.executable, "-c", f"{code}; print(examine('gelu', {{'gelu': gelu}}))")
    assert "gelu: 6 of 6 points" in said and "1 of 6 functions done" in said
