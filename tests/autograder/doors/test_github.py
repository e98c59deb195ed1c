"""Protects the students' repository and both workflows: they are valid, and their steps, run here, do what they say."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml

from autograder.doors.command import main
from autograder.doors.gradescope import TEMPLATES
from autograder.settings import REPOSITORY
from tests.github import TOKEN, GitHub, Repository, serving
from tests.machine import Part, program
from tests.submissions.build import HERE, build

WORKFLOWS = [TEMPLATES / "github" / "check.yml", TEMPLATES / "github" / "grade-all.yml"]
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("github") / "gpt2"
    assert main(["github", str(folder)]) == 0
    return folder


@pytest.fixture
def repository(template, tmp_path) -> Path:
    """A student's copy, in a place where the grader cannot be imported."""
    shim = tmp_path / "shim"
    for name in ("autograder", "picoGPT"):
        (shim / name).mkdir(parents=True)
        (shim / name / "__init__.py").write_text("raise ImportError('students do not have this')")
    return shutil.copytree(template, tmp_path / "gpt2-ada")


def sh(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess:
    """Run a step as GitHub's runner does. No package index is asked: what is needed is installed here."""
    path = f"{environment.pop('commands', '')}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}"
    home = folder.parent / "home"
    clean = {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=clean | environment, capture_output=True, text=True, timeout=300)


def steps(workflow: Path) -> dict[str, str]:
    """The commands of a workflow's one job, by the step's name."""
    (job,) = yaml.safe_load(workflow.read_text())["jobs"].values()
    return {step["name"]: step["run"] for step in job["steps"] if "run" in step}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_the_workflow_is_valid(workflow):
    checker = BIN / "check-jsonschema"
    done = subprocess.run([checker, "--builtin-schema", "vendor.github-workflows", workflow], capture_output=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_the_workflow_passes_actionlint(workflow):
    command = [program(Part.ACTIONLINT, "actionlint"), "-shellcheck=", workflow]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_no_step_puts_into_its_commands_what_others_wrote(workflow):
    assert not any("${{" in command for command in steps(workflow).values())


def test_the_repository_holds_the_kit_and_nothing_of_the_graders(template):
    files = {p.relative_to(template).as_posix() for p in template.rglob("*") if p.is_file()}
    assert {".github/workflows/check.yml", ".gitignore", "gpt2.ipynb", "test_gpt2.py", "requirements.txt"} <= files
    assert not [f for f in files if "__pycache__" in f]
    text = "".join(p.read_text() for p in template.rglob("*") if p.suffix in (".py", ".md", ".yml"))
    assert not re.search(r"\bautograder\b|\bpicoGPT\b|hidden=True", text)
    assert "BEGIN SOLUTION" not in (template / "gpt2.ipynb").read_text()
    size = sum(p.stat().st_size for p in template.rglob("*") if p.is_file())
    assert size < 8 << 20


def test_an_existing_folder_is_left_alone(template, capsys):
    assert main(["github", str(template)]) == 2
    assert "Name a new folder" in capsys.readouterr().err


def test_a_bare_pytest_tells_right_from_wrong(repository):
    shim = str(repository.parent / "shim")
    untouched = sh("pytest -p no:autograder.pytest_option", repository, PYTHONPATH=shim)
    assert untouched.returncode == 1
    assert "softmax is not written yet" in untouched.stdout and "Traceback" not in untouched.stdout
    build(HERE / "wrong" / "softmax_over_columns.py", repository / "gpt2.ipynb")
    wrong = sh("pytest -p no:autograder.pytest_option", repository, PYTHONPATH=shim)
    assert wrong.returncode == 1
    assert "Each column of your result sums to 1, not each row." in wrong.stdout
    build(HERE / "right" / "perfect.py", repository / "gpt2.ipynb")
    right = sh("pytest -p no:autograder.pytest_option", repository, PYTHONPATH=shim)
    assert right.returncode == 0, right.stdout
    (repository / "gpt2.ipynb").write_text("{")
    broken = sh("pytest -p no:autograder.pytest_option", repository, PYTHONPATH=shim)
    assert broken.returncode == 1
    assert "cannot be read" in broken.stdout and "Traceback" not in broken.stdout


def test_the_students_workflow_writes_its_page_and_its_marks(repository):
    page, home = repository.parent / "page.md", repository.parent / "home"
    weights = home / ".cache" / "gpt2-models" / "124M"  # the cache has been restored
    shutil.copytree(repository / "gptkit" / "tiny", weights)
    build(HERE / "wrong" / "softmax_over_columns.py", repository / "gpt2.ipynb")
    commands = steps(WORKFLOWS[0])
    assert list(commands)[-1] == "Check"
    done = [sh(command, repository, GITHUB_STEP_SUMMARY=str(page)) for command in commands.values()]
    assert [d.returncode for d in done] == [0, 0, 1], done[0].stderr + done[1].stderr
    marks = re.findall(r"^::error file=gpt2.ipynb,line=(\d+),title=([\w ]+)::.", done[-1].stdout, re.M)
    assert [title for _, title in marks] == ["softmax", "attention", "The whole model"]
    line = (repository / "gpt2.ipynb").read_text().splitlines()[int(marks[0][0]) - 1]
    assert "def softmax(" in line
    assert "| ❌ softmax |" in page.read_text() and "| ✅ layer_norm |" in page.read_text()
    page.unlink()
    build(HERE / "right" / "perfect.py", repository / "gpt2.ipynb")
    assert sh(commands["Check"], repository, GITHUB_STEP_SUMMARY=str(page)).returncode == 0
    assert "GPT-2 (124M) on your functions: **Once upon a time**" in page.read_text()


def test_the_command_of_the_service_that_is_gone_names_the_one_that_is_there(tmp_path, capsys):
    assert main(["classroom", str(tmp_path / "gpt2")]) == 2
    said = capsys.readouterr().err
    assert "autograder github DIR" in said and said.count("\n") == 1
    assert not (tmp_path / "gpt2").exists()


def student(name: str, notebook: str | None = None, **facts) -> Repository:
    repository = Repository(f"gpt2-{name}", **facts)
    files = {"README.md": b"read me"}
    if notebook:
        with tempfile.TemporaryDirectory() as folder:
            build(HERE / notebook, Path(folder) / "gpt2.ipynb")
            files["gpt2.ipynb"] = (Path(folder) / "gpt2.ipynb").read_bytes()
    repository.push("2026-10-30T20:00:00Z", files)
    return repository


def test_the_instructors_workflow_grades_them_all(tmp_path):
    """With the real grader; what installs and fetches is left out, and GitHub is a server on this machine.

    Eve has no notebook, Dan's repository cannot be read: neither has a mark, both are named, and only what could not be
    read makes the run fail.
    """
    checkout, page, output = tmp_path / "checkout", tmp_path / "page.md", tmp_path / "output"
    checkout.mkdir()
    ada, ben = student("ada", "right/perfect.py"), student("ben", "wrong/softmax_over_columns.py")
    ada.push("2026-11-02T20:00:00Z", {"gpt2.ipynb": b"{}"}, kind="force_push")
    told = {"STUDENTS": "school/gpt2-*", "DEADLINE": "2026-10-31T23:59+01:00", "GITHUB_TOKEN": TOKEN}
    told |= {"GITHUB_STEP_SUMMARY": str(page), "GITHUB_OUTPUT": str(output), "NO_PROXY": "127.0.0.1"}
    commands = steps(WORKFLOWS[1])
    with serving(
        GitHub([ada, ben, student("eve"), student("dan", refuse=403), student("start", is_template=True)])
    ) as it:
        collected = sh(commands["Collect"], checkout, GITHUB_API_URL=it.url, **told)
    assert collected.returncode == 0, collected.stderr
    assert output.read_text() == "code=3\n"
    assert sorted(p.name for p in (checkout / "submitted").iterdir()) == ["ada", "ben"]
    graded = sh(commands["Grade"], checkout, **told)
    assert graded.returncode == 0, graded.stdout + graded.stderr
    stop, rest = re.search(r"^::stop-commands::(\S+)\n(.*)", graded.stdout, re.M | re.S).groups()
    assert rest.endswith(f"::{stop}::\n")
    records = json.loads((checkout / "results.json").read_text())
    scores = {record["submission"].split("/")[0]: f"{record['score']:g}" for record in records}
    assert scores["ada"] == "90" and 0 < float(scores["ben"]) < 90
    assert dict(re.findall(r"^### (\w+)\\/gpt2.*: ([\d.]+) of 90 points", page.read_text(), re.M)) == scores
    assert (checkout / "results.xml").exists()
    table = {row["student"]: row for row in csv.DictReader((checkout / "submitted.csv").read_text().splitlines())}
    assert (table["ada"]["commit"], table["ada"]["pushed_at"]) == (ada.activity[1]["after"], "2026-10-30T20:00:00Z")
    assert table["ada"]["commit"] in page.read_text()
    assert table["eve"]["problem"] and table["dan"]["problem"] and sorted(table) == ["ada", "ben", "dan", "eve"]
    last = sh(commands["Was everyone read?"], checkout, CODE="3")
    assert last.returncode == 1 and last.stdout.startswith("::error::")
    assert sh(commands["Was everyone read?"], checkout, CODE="0").returncode == 0


def test_the_instructors_workflow_grades_nobody_when_nobody_could_be_asked(tmp_path):
    told = {"STUDENTS": "school/gpt2-*", "GITHUB_TOKEN": "wrong", "GITHUB_OUTPUT": str(tmp_path / "output")}
    with serving(GitHub([])) as it:
        done = sh(steps(WORKFLOWS[1])["Collect"], tmp_path, GITHUB_API_URL=it.url, NO_PROXY="127.0.0.1", **told)
    assert done.returncode != 0 and "does not accept the token" in done.stderr


def test_the_pins_are_those_of_the_project(template):
    known = (REPOSITORY / "requirements.txt").read_text().splitlines()
    assert set((template / "requirements.txt").read_text().split()) <= set(known)
