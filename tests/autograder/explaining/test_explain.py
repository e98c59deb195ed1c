"""Protects `autograder explain`: it tells what the grader saw, changes no mark, and nothing of it leaks to others."""

import json
import re
from dataclasses import asdict
from pathlib import Path

import nbformat
import numpy as np
import pytest
from gptkit.checks.core import Result
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

from autograder import reports
from autograder.doors.command import main
from autograder.doors.explain import explained
from autograder.errors import UsageError
from autograder.explaining.evidence import of_check
from autograder.explaining.notebook import as_notebook, parts
from autograder.explaining.text import WARNING, as_text
from autograder.explaining.witness import Ran
from autograder.grading.grader import Grader
from autograder.notebooks.choosing import Work
from autograder.reports.pages import as_html
from autograder.settings import Limits, Settings
from tests.copies import ROOT, blocks
from tests.submissions.build import HERE, all_submissions, build, expectation

LIMITS = Limits(call_seconds=3, load_seconds=3, submission_seconds=20)
SAMPLES = [
    "wrong/three_mistakes", "wrong/softmax_memorised", "wrong/softmax_changes_x", "wrong/softmax_raises",
    "wrong/attention_square_only", "wrong/sampling_place", "wrong/untouched", "broken/exits_the_process",
    "hostile/words_escape_codes", "hostile/tells_by_exception_notes",
]  # fmt: skip
ALL = [
    path.relative_to(HERE).with_suffix("").as_posix()
    for path in all_submissions("wrong", "right", "hostile")
    if path.stem != "file_is_a_hard_link"
]  # which needs a course around it
MANY = '''"""Several mistakes, in a notebook of its own kind.

start: solution
"""
# %% softmax
import no_such_module
def exp(x): return np.exp(x)
no_such_module.anything()
print("loaded")
def softmax(x):
    return exp(x) / exp(x).sum()
# %% + softmax
args = expected = Explain = None
raise RuntimeError("on the way")
# %% attention
def attention(q, k, v, mask):
    return softmax(q @ k.T + mask) @ v
# %% sample_top_n
def sample_top_n(logits, n, rng):
    return int(np.argsort(logits)[-n:][rng.integers(n)])
'''


@pytest.fixture(scope="module")
def grader():
    with Grader(Settings(seed="7", verdicts=None, limits=LIMITS), "process", rehearsed=True) as opened:
        yield opened


@pytest.fixture
def sample(tmp_path):
    """A function that builds a sample and gives it as a submission."""

    def built(name):
        build(HERE / f"{name}.py", tmp_path / f"{name.replace('/', '-')}.ipynb")
        return Work(name, tmp_path / f"{name.replace('/', '-')}.ipynb")

    return built


@pytest.fixture(scope="module")
def many(grader, tmp_path_factory):
    folder = tmp_path_factory.mktemp("many mistakes, ä")
    (folder / "many.py").write_text(MANY, "utf-8")
    build(folder / "many.py", folder / "gpt2.ipynb")
    return explained(grader, Work("gpt2.ipynb", folder / "gpt2.ipynb"))


def run(it):
    """The notebook, run by Jupyter where nothing of ours can be imported; the text of its code cells' outputs."""
    nb = nbformat.reads(as_notebook(it), as_version=4)
    nbformat.validate(nb)
    block = "import sys; sys.modules.update(dict.fromkeys(['gptkit', 'picoGPT', 'autograder', 'matplotlib', 'scipy']))"
    nb.cells.insert(0, new_code_cell(block))
    NotebookClient(nb, timeout=60).execute()
    return ["".join(o.get("text", "") for o in c.outputs) for c in nb.cells if c.cell_type == "code"]


def failed(it):
    """(exercise, check, how it was asked) of each check that failed."""
    for exercise in it.exercises:
        for check in it.failed(exercise):
            if (asked := it.asked(exercise, check)[0]) is not None:
                yield exercise, check, asked


@pytest.mark.parametrize("name", [*SAMPLES, *(pytest.param(n, marks=pytest.mark.soak) for n in ALL)])
def test_it_changes_no_mark_and_shows_what_each_failed_check_saw(grader, sample, name):
    work, expected = sample(name), expectation(HERE / f"{name}.py")
    plain = grader.grade(work.path, name)
    try:
        it = explained(grader, work)
    except UsageError as why:  # no notebook at all
        assert "Nothing in it could be examined" in str(why) and plain.score == 0
        return
    for exercise, again in zip(it.record.exercises, plain.exercises, strict=True):
        if expected.settles(exercise.name):  # what decides on the others are the seconds that are left
            assert asdict(exercise) == asdict(again)
    for exercise, check, asked in failed(it):
        calls = of_check(asked)
        assert calls or asked.failed.status == "missing", (exercise.name, check.name)
        assert all(call.difference for call in calls)
    said = as_text(it)
    assert said.startswith(WARNING)
    assert all(c.isprintable() or c == "\n" for c in said.replace("\t", " "))
    nbformat.validate(nbformat.reads(as_notebook(it), as_version=4))


def test_the_first_difference_is_the_one_that_numpy_finds(grader, sample):
    it = explained(grader, sample("wrong/softmax_over_columns"), "softmax", "rows")
    ((*_, asked),) = failed(it)
    for call in of_check(asked):
        (x,) = call.args
        e = np.exp(np.float64(x) - x.max())
        right = e / e.sum(axis=-1, keepdims=True)
        off = np.abs(call.came - right) > 1e-4 * right + 1e-5 * right.max()
        at = tuple(np.argwhere(off)[0])
        assert f"{off.sum()} of {off.size} numbers are off; the first is at {[int(i) for i in at]}: " in call.difference
        assert f"{call.came[at]:.9g} came" in call.difference
        assert f"The error is {abs(call.came[at] - right[at]):.3g}" in call.difference


def test_the_points_add_up_with_the_rules_that_decided_them(many, grader, sample):
    said = as_text(many)
    for exercise in many.exercises:
        table = said.split(f"==== {exercise.name}: ")[1].split("----")[0]
        rows = re.findall(r"^  (\w+) +\d+% +\S+ +(\S+)  (?:visible|hidden)", table, re.M)
        assert [name for name, _ in rows] == [check.name for check in exercise.checks]
        assert sum(float(earned) for _, earned in rows) == pytest.approx(exercise.score, abs=0.01)
    assert "asked with a right softmax and attention in place of theirs" in said.split("==== end_to_end")[1]
    assert "a third of the points is paid" in said.split("==== end_to_end")[1]
    memorised = as_text(explained(grader, sample("wrong/softmax_memorised"), "softmax"))
    assert "passed on the visible numbers, failed on fresh ones" in memorised
    assert "numbers that are not shown" not in memorised
    for name in ("similarity_without_norms", "attention_without_scale"):
        assert "Values first" in as_text(explained(grader, sample(f"wrong/{name}")))


def test_a_diagnosis_comes_with_the_answers_that_prove_it(grader, sample, many):
    said = as_text(explained(grader, sample("wrong/layer_norm_without_g"), "layer_norm"))
    proof = said.split("Diagnosis: the known mistake no_gain.")[1].split("----")[0]
    assert re.search(r"confirmed on \d+ inputs drawn for that", proof) and "the mistake gives" in proof
    measured = as_text(explained(grader, sample("wrong/softmax_memorised"), "softmax"))
    assert "Measured with questions that every function is asked" in measured
    sampler = as_text(many).split("==== sample_top_n")[1]
    assert "Confirmed on draws that had not suggested it" in sampler


def test_the_notebook_sees_the_same_differences_with_numpy_alone(many):
    seen = run(many)
    calls = [call for *_, asked in failed(many) for call in of_check(asked)]
    assert {call.name for call in calls} == {"softmax", "attention", "sample_top_n"}
    for call in calls:
        assert any(call.difference in output for output in seen), call.difference


def test_what_is_no_token_id_is_told_as_such(grader, sample):
    it = explained(grader, sample("wrong/sampling_array"), "sample_top_n", "proportions")
    said = "An array of shape [1] came where one number was expected."
    assert said in as_text(it) and "should be  one token id" in as_text(it)
    assert any(said in output for output in run(it))


def test_a_call_that_never_came_back_is_not_made_again(grader, sample):
    it = explained(grader, sample("broken/exits_the_process"))
    assert any("os._exit" in cell.source for cell in nbformat.reads(as_notebook(it), as_version=4).cells)
    assert not [output for output in run(it) if "came" in output]


def test_a_cell_with_a_failing_statement_is_taken_apart_and_none_of_it_is_lost():
    source = "# one\nimport nothing\n\n@print\ndef f(): pass\na = 1; b = 2; c = (3,\n 4)\n# end"
    pieces = parts(Ran(source, "cell 1", ["it raised"]))
    assert (pieces[0].endswith("import nothing") and pieces[1].startswith("\n@print")) or pieces[1].startswith("@print")
    assert "".join(pieces).replace("\n", "") == source.replace("\n", "")
    assert any("a = 1; b = 2; c = (3,\n 4)" in piece for piece in pieces)
    assert parts(Ran("def (", "cell 2", ["it raised"])) == ["def ("]


def test_nothing_of_it_reaches_what_students_and_tools_read(grader, many):
    fields = {*Result.__dataclass_fields__}
    assert not fields & {"compared", "calls", "args", "expected"}
    record = json.dumps(many.record.to_json())
    told = [record, "".join(reports.as_json([many.record])), *map(as_html, many.record.exercises)]
    told += [reports.text(many.record), "".join(reports.junit([many.record])), reports.markdown([many.record])]
    hidden = [
        number
        for *_, check, asked in failed(many)
        if check.hidden
        for call in of_check(asked)
        for number in np.ravel(call.expected)[:20].tolist()
    ]
    assert len(hidden) > 50
    said = {f"{number:.{digits}g}" for number in hidden for digits in (5, 6, 9, 17)}
    for page in told:
        assert not [number for number in said if len(number) > 6 and number in page]


def test_the_page_on_appeals_shows_what_is_printed(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(tmp_path / "verdicts"))
    monkeypatch.setenv("GPT2_MODELS_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    build(HERE / "wrong" / "softmax_without_shift.py", tmp_path / "submitted" / "ada" / "gpt2.ipynb")
    assert main(["explain", "submitted/ada", "softmax::far_from_zero"]) == 0
    printed = capsys.readouterr().out.splitlines()
    shown = next(block.text for block in blocks(ROOT / "docs" / "appeals.md") if block.language == "text").splitlines()
    begun = [line.split("[...]")[0].rstrip() for line in shown if not line.startswith("submitted/")]
    assert [line for line in begun if not any(real.startswith(line) for real in printed)] == []


def test_the_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(tmp_path / "verdicts"))
    monkeypatch.chdir(tmp_path)
    folder = Path("submitted", "ada ä")
    build(HERE / "wrong" / "softmax_without_shift.py", folder / "gpt2" / "gpt2.ipynb")
    target = tmp_path / "why" / "softmax.ipynb"
    assert main(["explain", str(folder), "softmax::far_from_zero", "--notebook", str(target)]) == 0
    said = capsys.readouterr().out
    assert said.startswith(WARNING) and said.count("----") == 1 and "nan came" in said
    assert nbformat.read(target, as_version=4).cells[0].source.startswith(f"**{WARNING}**")
    build(HERE / "right" / "perfect.py", tmp_path / "submitted" / "ben" / "gpt2.ipynb")
    (tmp_path / "odd.ipynb").write_text("no notebook")
    for words, why in {
        (str(tmp_path / "submitted"),): "holds 2 submissions: name one of them",
        (str(folder), "sofmax"): "sofmax: no such exercise; there are cosine_similarity, softmax",
        (str(folder), "softmax::row"): "softmax::row: no such check; softmax has rows,",
        (str(folder), "softmax::"): "",
        (str(tmp_path / "odd.ipynb"),): "Nothing in it could be examined",
        (str(tmp_path / "nobody"),): "no such file or folder",
    }.items():
        code = main(["explain", *words])
        printed = capsys.readouterr()
        assert code == (2 if why else 0), words
        assert why in printed.err and printed.err.count("\n") == bool(why)
    assert main(["explain", str(tmp_path / "submitted" / "ben")]) == 0
    assert "No points were lost" in capsys.readouterr().out
