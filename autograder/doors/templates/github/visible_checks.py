"""The visible checks of your functions, each as a test: run `pytest` in this folder. Grading adds hidden ones.

The cells of your notebook run here from top to bottom, without those that only show something. On GitHub the results
also become the page of the run and marks at your functions.
"""

import json
import os
from html import escape
from pathlib import Path

import pytest
from gptkit import load
from gptkit.engine.complete import complete
from gptkit.engine.model import GPT2, PARTS
from gptkit.notebook.feedback import FUNCTIONS, POINTS, Feedback, examine

NOTEBOOK = Path(__file__).with_name("gpt2.ipynb")
NOT_YOURS = ("# Only shows something", "# Opens the model", "# Shows the visible checks")
PROMPT = "Once upon a time"


def unwritten(*_):
    raise NotImplementedError


def run_cells() -> tuple[dict, list[str]]:
    """The functions that the notebook's cells define, by name, and a line about each cell that failed."""
    names, failed = {"__name__": "gpt2"}, []
    try:
        cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        cells, failed = [], [f"{NOTEBOOK.name} cannot be read ({error}): save it again in Jupyter."]
    for number, cell in enumerate(cells, 1):
        source = "".join(cell["source"])
        if cell["cell_type"] == "code" and not source.startswith(NOT_YOURS):
            python = "\n".join("" if line.startswith(("%", "!")) else line for line in source.split("\n"))
            try:
                exec(compile(python, f"<cell {number}>", "exec"), names)
            except Exception as error:
                failed.append(f"Cell {number} raised {type(error).__name__}: {error}")
    return {name: names.get(name, unwritten) for name in FUNCTIONS}, failed


functions, failed_cells = run_cells()
results = [examine(name, {name: functions[name]}) for name in FUNCTIONS]
if "end_to_end" in POINTS:
    results.append(examine("end_to_end", {name: functions[name] for name in PARTS}))


def test_every_cell_runs():
    if failed_cells:
        pytest.fail("\n".join(failed_cells), pytrace=False)


@pytest.mark.parametrize("check", [pytest.param(r, id=f"{f.name}::{r.check.name}") for f in results for r in f.results])
def test_check(check):
    if check.message.startswith("Not reached"):
        pytest.skip(check.message)
    elif not check.passed:
        pytest.fail(f"{check.message} {check.hint or ''}", pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def on_github(request):
    """After the last test: the page of the run, and a mark for each function that is not right yet."""
    yield
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(summary())
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print(*(f"\n{annotation(feedback)}" for feedback in results if not feedback.passed))


def annotation(feedback: Feedback) -> str:
    """A line that GitHub shows at the function's cell."""
    code = f"def {feedback.name}(" if feedback.name in FUNCTIONS else "check(softmax, layer_norm, attention)"
    lines = NOTEBOOK.read_text("utf-8").splitlines()
    place = next((number for number, line in enumerate(lines, 1) if code in line), 1)
    said = feedback.summary.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return f"::error file={NOTEBOOK.name},line={place},title={feedback.title}::{said}"


def summary() -> str:
    """The page of the run, in Markdown."""
    lines = ["### Visible checks", "", "| function | points | |", "| --- | --- | --- |"]
    for feedback in results:
        said = "" if feedback.passed else escape(feedback.summary).replace("|", "\\|").replace("`", "&#96;")
        lines.append(f"| {'✅' if feedback.passed else '❌'} {feedback.title} | {feedback.score} | {said} |")
    lines += ["", "Grading repeats these checks and adds hidden ones. " + escape(" ".join(failed_cells)), ""]
    if results[-1].name == "end_to_end" and results[-1].passed:
        model = load()
        gpt2 = GPT2(model.hparams, model.params, **{name: functions[name] for name in PARTS})
        text = complete(gpt2, model.tokenizer, PROMPT, 20, progress=False)
        lines += [f"GPT-2 ({model.name}) on your functions: **{PROMPT}**{escape(text)}", ""]
    return "\n".join(lines)
