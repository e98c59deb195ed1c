"""Protects the record: follow-through marks, one verdict for the same cells, and a grade for everybody."""

import json

import pytest

from autograder.grading import grader as grading
from autograder.grading.grader import RELEASE, Grader
from autograder.notebooks.opening import open_notebook
from tests.submissions.build import build

WRONG_SOFTMAX = "def softmax(x):\n    e = np.exp(x)\n    return e / e.sum(axis=0)"
WRONG_NORM = "def layer_norm(x, g, b, eps=1e-5):\n    return x * g + b"
ATTENTION = """
def attention(q, k, v, mask):
    return softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask) @ v
"""


@pytest.fixture(scope="module")
def grader():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTOGRADER_VERDICTS", "")
        with Grader() as grader:
            yield grader


@pytest.fixture
def graded(grader, tmp_path):
    """Grade a notebook of the right answers in which the named cells are replaced."""

    def grade(start="solution", **cells):
        parts = "\n".join(f"# %% {name}\n{source}" for name, source in cells.items())
        (tmp_path / "sample.py").write_text(f'"""A sample.\n\nstart: {start}\n"""\n{parts}\n')
        build(tmp_path / "sample.py", tmp_path / "work.ipynb")
        record = grader.grade(tmp_path / "work.ipynb", "work.ipynb")
        return record, {e["name"]: e for e in record["exercises"]}

    return grade


def test_the_record_has_what_other_tools_hold_on_to(graded):
    record, exercises = graded()
    assert record["schema"] == 1 and record["assignment"] == "gpt2" and record["submission"] == "work.ipynb"
    assert record["score"] == record["max_score"] == 90.0
    names = ["cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n", "end_to_end"]
    assert list(exercises) == names
    assert [exercises[n]["max_score"] for n in names] == [10, 10, 10, 20, 20, 20]
    keys = {"name", "points", "earned", "passed", "hidden", "message", "mistake", "hint"}
    assert all(set(check) >= keys for e in exercises.values() for check in e["checks"])
    assert json.loads(json.dumps(record)) == record


def test_a_wrong_softmax_is_paid_for_once(graded):
    _, exercises = graded(softmax=WRONG_SOFTMAX, attention=ATTENTION)
    assert exercises["softmax"]["score"] < 10
    assert exercises["attention"]["score"] == 20
    assert exercises["end_to_end"]["score"] == 20
    assert exercises["attention"]["checks"][0]["message"].startswith("With a right softmax in place of yours")


def test_a_wrong_layer_norm_costs_the_whole_model_nothing(graded):
    _, exercises = graded(layer_norm=WRONG_NORM)
    assert exercises["layer_norm"]["status"] != "passed"
    assert exercises["end_to_end"]["score"] == 20


def test_three_wrong_functions_earn_nothing_together(graded):
    nothing = "def attention(q, k, v, mask):\n    return v[: len(q)] * 0"
    _, exercises = graded(softmax=WRONG_SOFTMAX, layer_norm=WRONG_NORM, attention=nothing)
    assert exercises["end_to_end"]["score"] < 20


def test_an_unwritten_function_is_not_replaced(graded):
    record, exercises = graded("release", softmax="def softmax(x):\n    return np.exp(x) / np.exp(x).sum()")
    assert {exercises[n]["status"] for n in ("layer_norm", "attention", "end_to_end")} == {"missing"}
    assert record["score"] <= 10


def test_a_second_run_gives_the_same_record(graded):
    first, second = graded(softmax=WRONG_SOFTMAX)[0], graded(softmax=WRONG_SOFTMAX)[0]
    assert {**first, "seconds": 0} == {**second, "seconds": 0}


def test_the_grader_s_own_failure_is_still_a_row(grader, monkeypatch):
    monkeypatch.setattr(grader, "examine", lambda work: 1 / 0)
    record = grader.grade(RELEASE, "alice")
    assert record["score"] == 0 and len(record["exercises"]) == 6
    assert "tell your instructor" in record["notes"][0]


def test_verdicts_are_kept_by_content(tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOGRADER_VERDICTS", str(tmp_path / "kept"))
    sample = tmp_path / "sample.py"
    sample.write_text('"""A sample."""\n')
    for name in ("a.ipynb", "b.ipynb"):
        build(sample, tmp_path / name)
    with Grader() as grader:
        asked = []
        examine = grader.examine
        monkeypatch.setattr(grader, "examine", lambda work: asked.append(1) or examine(work))
        first, second = (grader.grade(tmp_path / n, "x") for n in ("a.ipynb", "b.ipynb"))
        assert {**first, "seconds": 0} == {**second, "seconds": 0} and len(asked) == 1
        sample.write_text(f'"""A sample."""\n# %% softmax\n{WRONG_SOFTMAX}\n')
        build(sample, tmp_path / "b.ipynb")
        assert grader.grade(tmp_path / "b.ipynb", "x")["score"] < 90 and len(asked) == 2
    monkeypatch.setenv("AUTOGRADER_SEED", "another")
    with Grader() as grader:
        assert (
            grader.verdicts.path(grading.submission.read(open_notebook(tmp_path / "a.ipynb"), grader.release)).exists()
            is False
        )
