"""Protects the record: follow-through marks, one verdict for the same cells, and a grade for everybody."""

import json
import os
import shutil
import signal
import time
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from gptkit import weights
from gptkit.checks.core import Check, Result

from autograder.errors import CannotGrade
from autograder.grading import Grader
from autograder.grading import grader as grading
from autograder.record import Record
from autograder.reports import message
from autograder.sandbox.isolation import Sandbox
from autograder.sandbox.proxy import Candidate
from autograder.sandbox.zygote import Lost
from autograder.settings import Limits, Settings
from tests.submissions.build import HERE, build, start

WRONG_SOFTMAX = "def softmax(x):\n    e = np.exp(x)\n    return e / e.sum(axis=0)"
WRONG_NORM = "def layer_norm(x, g, b, eps=1e-5):\n    return x * g + b"
ATTENTION = """
def attention(q, k, v, mask):
    return softmax(q @ k.T / np.sqrt(q.shape[-1]) + mask) @ v
"""
NO_ATTENTION = "def attention(q, k, v, mask):\n    return v[: len(q)] * 0"
ALIAS = f"probabilities = softmax\n{ATTENTION.replace('softmax(', 'probabilities(')}"
DEFAULT = ATTENTION.replace("mask):", "mask, soft=softmax):").replace("return softmax", "return soft")
PARTIAL = f"from functools import partial\nsoft = partial(softmax)\n{ATTENTION.replace('softmax(', 'soft(')}"
WITH_AXIS = ATTENTION.replace("+ mask)", "+ mask, axis=-1)")
RELEASED = {c["metadata"].get("nbgrader", {}).get("grade_id"): "".join(c["source"]) for c in start("release")["cells"]}


@pytest.fixture(scope="module")
def grader():
    with Grader(Settings(seed="0", verdicts=None, limits=Limits(call_seconds=3.0))) as grader:
        yield grader


@pytest.fixture
def graded(grader, tmp_path):
    """Grade a notebook of the right answers in which the named cells are replaced."""

    def grade(start="solution", **cells):
        parts = "\n".join(f"# %% {name}\n{source}" for name, source in cells.items())
        (tmp_path / "sample.py").write_text(f'"""A sample.\n\nstart: {start}\n"""\n{parts}\n')
        build(tmp_path / "sample.py", tmp_path / "work.ipynb")
        record = grader.grade(tmp_path / "work.ipynb", "work.ipynb")
        return record, {e.name: e for e in record.exercises}

    return grade


def test_the_record_has_what_other_tools_hold_on_to(graded):
    record, exercises = graded()
    assert record.schema == 1 and record.assignment == "gpt2" and record.submission == "work.ipynb"
    assert record.score == record.max_score == 90.0 and record.error is None and not record.kept
    names = ["cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n", "end_to_end"]
    assert list(exercises) == names
    assert [exercises[n].max_score for n in names] == [10, 10, 10, 20, 20, 20]
    assert all(c.reached and not e.replaced for e in record.exercises for c in e.checks)
    assert Record.from_json(json.loads(json.dumps(record.to_json()))) == record


# ---- One mistake is paid for once ----


def test_a_wrong_softmax_is_paid_for_once(graded):
    _, exercises = graded(softmax=WRONG_SOFTMAX, attention=ATTENTION)
    assert exercises["softmax"].score < 10
    assert exercises["attention"].score == 20 and exercises["attention"].replaced == ["softmax"]
    assert exercises["end_to_end"].score == 20 and exercises["end_to_end"].replaced == ["softmax"]
    said = message(exercises["attention"], exercises["attention"].checks[0])
    assert said.startswith("With a right softmax in place of yours: ")


def test_a_wrong_layer_norm_costs_the_whole_model_nothing(graded):
    _, exercises = graded(layer_norm=WRONG_NORM)
    assert exercises["layer_norm"].status != "passed"
    assert exercises["end_to_end"].score == 20 and exercises["end_to_end"].status == "passed"
    assert exercises["attention"].replaced == []


def test_two_wrong_functions_leave_a_third_of_the_whole_model(graded):
    record, exercises = graded(layer_norm=WRONG_NORM, attention=NO_ATTENTION)
    whole = exercises["end_to_end"]
    assert record.score == pytest.approx(sum(e.score for e in exercises.values()), abs=1e-9)
    assert whole.score == 6.666667 and whole.status == "partial"
    assert sum(c.earned for c in whole.checks) == pytest.approx(20 / 3)
    assert whole.replaced == ["layer_norm", "attention"] and whole.paid == pytest.approx(1 / 3)
    assert "for a third of the points" in message(whole, whole.checks[0])


def test_three_wrong_functions_are_not_replaced_in_the_whole_model(graded):
    _, exercises = graded(softmax=WRONG_SOFTMAX, layer_norm=WRONG_NORM, attention=NO_ATTENTION)
    whole = exercises["end_to_end"]
    assert whole.replaced == [] and whole.score < 20
    assert {c.fact for c in whole.checks} == {"None of softmax, layer_norm and attention passes its own exercise."}


@pytest.mark.parametrize(
    "cells",
    [
        {"softmax": WRONG_SOFTMAX},
        {"layer_norm": WRONG_NORM},
        {"attention": NO_ATTENTION},
        {"softmax": WRONG_SOFTMAX, "layer_norm": WRONG_NORM},
        {"layer_norm": WRONG_NORM, "attention": NO_ATTENTION},
        {"layer_norm": "raise SystemExit", "softmax": WRONG_SOFTMAX},
    ],
    ids=lambda cells: " and ".join(cells),
)
@pytest.mark.parametrize("helps", [True, False])
def test_what_is_put_off_changes_no_record(graded, monkeypatch, cells, helps):
    """Asked at once or only where it can still count, the whole model on wrong functions is worth the same."""
    if not helps:  # as where right functions in place of the wrong ones change nothing
        monkeypatch.setattr(grading.Examination, "again", lambda *_: None)
    now, _ = graded(**cells)
    monkeypatch.setattr(grading.Examination, "put_off", lambda self: False)
    before, _ = graded(**cells)
    assert replace(now, seconds=0) == replace(before, seconds=0)


def test_a_mistake_beside_a_wrong_softmax_has_its_cause_told(graded):
    """Causes are looked for late where softmax is wrong, for a right one may be all it takes; looked for they are."""
    unscaled = ATTENTION.replace(" / np.sqrt(q.shape[-1])", "")
    greedy = "def sample_top_n(logits, n, rng):\n    return int(np.argmax(softmax(logits[None])))"
    _, exercises = graded(softmax=WRONG_SOFTMAX, attention=unscaled, sample_top_n=greedy)
    for name in ("attention", "sample_top_n"):
        told = {c.name for c in exercises[name].checks if not c.passed and (c.mistake or c.measured)}
        assert len(told) >= 4 and not exercises[name].replaced


@pytest.mark.parametrize("attention", [ATTENTION, ALIAS, DEFAULT, PARTIAL, WITH_AXIS], ids=range(5))
def test_a_wrong_softmax_is_right_by_whatever_name_it_is_reached(graded, attention):
    _, exercises = graded(softmax=WRONG_SOFTMAX, attention=attention)
    assert exercises["attention"].score == 20, exercises["attention"].checks


def test_a_misspelt_softmax_counts_as_wrong_and_is_replaced(graded):
    _, exercises = graded(softmax=WRONG_SOFTMAX.replace("def softmax", "def sofmax"), attention=ATTENTION)
    assert exercises["softmax"].score == 0
    assert exercises["attention"].score == 20 and exercises["end_to_end"].score == 20


def test_wrong_lines_in_a_helper_are_found_where_others_call_it(graded):
    softmax = "def helper(x):\n    return np.exp(x) / np.exp(x).sum(0)\n\ndef softmax(x):\n    return helper(x)"
    _, exercises = graded(softmax=softmax, attention=ATTENTION.replace("softmax(", "helper("))
    assert exercises["softmax"].score < 10 and exercises["attention"].score == 20


def test_right_functions_of_theirs_are_never_replaced(graded):
    """A wrong attention gains nothing, though softmax is right."""
    _, exercises = graded(attention=ATTENTION.replace("/ np.sqrt(q.shape[-1])", ""))
    assert exercises["attention"].score < 20 and exercises["attention"].replaced == []


def test_what_failed_by_itself_is_asked_once(graded, grader, monkeypatch):
    """Asked again with nothing replaced, it would only have a second chance to be lucky."""
    processes, candidate = [], grader.sandbox.candidate
    monkeypatch.setattr(grader.sandbox, "candidate", lambda *given: processes.append(1) or candidate(*given))
    _, exercises = graded(cosine_similarity="def cosine_similarity(a, b):\n    return 0.5")
    assert exercises["cosine_similarity"].status != "passed" and len(processes) == 1


@pytest.mark.parametrize(
    ("found", "score", "paid", "word"),
    [
        (["passed", "passed"], 10.0, 1.0, "passed"),
        (["passed", "passed"], 3.3, 1 / 3, "partial"),
        (["passed", "failed"], 5.0, 1.0, "partial"),
        (["passed", "failed"], 0.5, 1.0, "partial"),
        (["passed", "failed"], 0.0, 1.0, "failed"),
        (["passed", "error"], 5.0, 1.0, "partial"),
        (["failed", "error"], 0.0, 1.0, "error"),
        (["passed", "missing"], 5.0, 1.0, "partial"),
        (["missing", "missing"], 0.0, 1.0, "missing"),
        (["passed", "timeout"], 5.0, 1.0, "timeout"),
        (["passed", "crashed"], 5.0, 1.0, "crashed"),
    ],
)
def test_the_word_for_an_exercise_follows_from_its_checks_and_its_points(found, score, paid, word):
    check = Check("one", "It is right.", 0.5, value=True, hidden=False, test=print)
    results = [Result(check, status == "passed", "", status=status) for status in found]
    assert grading.status(results, score, paid) == word


def test_an_untouched_stub_is_not_replaced_in_the_whole_model(graded):
    record, exercises = graded("release", softmax="def softmax(x):\n    return np.exp(x) / np.exp(x).sum()")
    assert {exercises[n].status for n in ("layer_norm", "attention", "end_to_end")} == {"missing"}
    assert exercises["end_to_end"].replaced == [] and record.score <= 10
    assert {c.fact for c in exercises["end_to_end"].checks} == {"layer_norm is not written yet."}


def test_an_untouched_softmax_costs_attention_nothing(graded):
    """One mistake, or one function left out, is paid for once; but for end_to_end, where the stub is not replaced."""
    _, exercises = graded(softmax=RELEASED["softmax"], attention=ATTENTION)
    assert exercises["softmax"].status == "missing"
    assert exercises["attention"].score == 20 and exercises["attention"].replaced == ["softmax"]
    assert exercises["end_to_end"].score == 0 and exercises["end_to_end"].replaced == []


def test_what_never_returns_is_not_waited_for_again(graded):
    _, exercises = graded(softmax="def softmax(x):\n    while True: pass", attention=ATTENTION)
    assert exercises["softmax"].status == "timeout"
    assert [c.reached for c in exercises["softmax"].checks].count(True) == 1
    assert exercises["attention"].score == 20


def test_code_that_kills_its_own_process_each_time_is_a_zero_and_says_so(graded):
    record, exercises = graded(softmax="import os, signal\ndef softmax(x):\n    os.kill(os.getpid(), signal.SIGKILL)")
    assert record.error is None and exercises["softmax"].score == 0 and exercises["softmax"].status == "crashed"
    assert exercises["cosine_similarity"].score == 10


def test_a_visible_check_passes_when_its_visible_and_its_fresh_cases_do():
    seen, unseen = (Check(name, "It is right.", 0.5, value=True, hidden=name == "b", test=print) for name in "ab")
    right = [Result(seen, True, ""), Result(unseen, True, "")]
    fresh = Result(seen, False, "Row 3 is wrong.", status="failed")
    assert grading.confirmed([*right, Result(seen, True, "")], 2) == right
    table, hidden = grading.confirmed([*right, fresh], 2)
    assert not table.passed and table.status == "failed" and "Row 3" not in table.message and hidden == right[1]


# ---- What the grader's machine did is no zero ----


def test_the_graders_own_failure_is_no_zero(grader, monkeypatch):
    monkeypatch.setattr(grader, "examine", lambda work: 1 / 0)
    record = grader.grade(Settings().release, "alice")
    assert (record.submission, record.score, record.exercises, record.seconds) == ("alice", None, [], 0.0)
    assert "ZeroDivisionError" in record.error and "not graded" in record.error


def test_what_cannot_be_examined_is_no_zero_and_no_failure_of_the_next(grader, monkeypatch):
    def fails(work):
        raise CannotGrade("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(grader, "examine", fails)
        assert grader.grade(Settings().release, "alice").error == "The disk is full."
    assert grader.grade(Settings().release, "alice").error is None


def test_a_process_killed_from_outside_is_asked_again(grader, monkeypatch, tmp_path):
    build(HERE / "right" / "perfect.py", tmp_path / "gpt2.ipynb")
    load, kills = grading.Candidate._load, []

    def killed_once(candidate):
        load(candidate)
        if not kills:
            kills.append(1)
            os.kill(grader.sandbox._zygotes[False]._process.pid, signal.SIGKILL)

    monkeypatch.setattr(grading.Candidate, "_load", killed_once)
    assert grader.grade(tmp_path / "gpt2.ipynb", "ada").score == 90
    assert kills


def test_what_is_killed_each_time_is_not_graded(grader, monkeypatch):
    def lost(*_):
        raise Lost("A process was killed.")

    monkeypatch.setattr(grading.Candidate, "_load", lost)
    assert grader.grade(Settings().release, "ada").error == "A process was killed."


def test_the_answer_key_must_get_full_marks_before_the_first_student(monkeypatch, tmp_path):
    """A limit too low, for one: every student would get the blame."""
    settings = Settings(seed="0", verdicts=tmp_path / "kept", limits=Limits(answer_mb=0))
    with pytest.raises(CannotGrade, match="answer key does not get full marks here"):
        Grader(settings)
    assert not (tmp_path / "kept").exists()  # a failure is looked at again


def test_a_grader_that_refuses_leaves_no_process():
    sandbox = Sandbox("process")
    started = sandbox.start()._process
    with pytest.raises(CannotGrade):
        Grader(Settings(seed="0", verdicts=None, limits=Limits(answer_mb=0)), "process", sandbox=sandbox)
    assert started.poll() is not None


@pytest.mark.parametrize("damage", ["empty", "half", "nan", "zeros"])
def test_a_damaged_model_grades_nobody(monkeypatch, tmp_path, damage):
    model = tmp_path / "models" / "tiny"
    shutil.copytree(weights.EMBEDDED, model)
    tensors = model / "model.safetensors"
    whole = tensors.read_bytes()
    header = 8 + int.from_bytes(whole[:8], "little")
    values = whole[header:]
    nan = np.frombuffer(values, np.float32).copy()
    nan[len(nan) // 2 :: 1000] = np.nan
    tensors.write_bytes(
        {
            "empty": b"",
            "half": whole[: len(whole) // 2],
            "nan": whole[:header] + nan.tobytes(),
            "zeros": whole[:header] + bytes(len(values)),
        }[damage]
    )
    monkeypatch.setattr(Settings, "model", lambda self: model)
    with pytest.raises(CannotGrade):
        Grader(Settings(seed="0", verdicts=None))


def test_a_rehearsal_is_kept_like_a_verdict(tmp_path, monkeypatch):
    settings = Settings(seed="0", verdicts=tmp_path / "kept")
    Grader(settings).close()
    monkeypatch.setattr(Grader, "examine", lambda *_: pytest.fail("examined again"))
    Grader(settings).close()


# ---- One verdict for the same cells ----


def test_a_second_run_gives_the_same_record(graded):
    first, second = graded(softmax=WRONG_SOFTMAX)[0], graded(softmax=WRONG_SOFTMAX)[0]
    assert replace(first, seconds=0) == replace(second, seconds=0)


def test_verdicts_are_kept_by_content(tmp_path, monkeypatch):
    settings = Settings(seed="0", verdicts=tmp_path / "kept")
    sample = tmp_path / "sample.py"
    sample.write_text(f'"""A sample."""\n# %% softmax\n{WRONG_SOFTMAX}\n')
    for name in ("a.ipynb", "b.ipynb"):
        build(sample, tmp_path / name)
    with Grader(settings) as grader:
        asked = []
        examine = grader.examine
        monkeypatch.setattr(grader, "examine", lambda work: asked.append(1) or examine(work))
        began = time.perf_counter()
        first, second = (grader.grade(tmp_path / n, "x") for n in ("a.ipynb", "b.ipynb"))
        took = time.perf_counter() - began
        assert (first.kept, second.kept) == (False, True) and len(asked) == 1
        assert (
            0 < second.seconds <= first.seconds < 2 * took
        )  # of the examination, as the record says, not of looking it up
        assert replace(first, seconds=0) == replace(second, seconds=0, kept=False)
        sample.write_text(f'"""A sample."""\n# %% layer_norm\n{WRONG_NORM}\n')
        build(sample, tmp_path / "b.ipynb")
        assert grader.grade(tmp_path / "b.ipynb", "x").score < 90 and len(asked) == 2
    with Grader(replace(settings, seed="another"), rehearsed=True) as grader:
        assert not grader.verdicts.path(
            grading.submission.read(grading.open_notebook(tmp_path / "a.ipynb"), grader.release)
        ).exists()


def test_a_hidden_input_that_ends_the_process_leaves_the_checks_before_it(graded):
    """All unseen inputs are asked in one message; where one ends the process, the checks ask for their own."""
    softmax = """
import os
def softmax(x):
    if x.shape[-1] > 1000:
        os._exit(3)
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)
"""
    _, exercises = graded(softmax=softmax)
    passed = {check.name: check.passed for check in exercises["softmax"].checks if check.hidden}
    assert passed == {"attention_scores": True, "likeliest_tokens": True, "whole_vocabulary": False}


def test_a_right_notebook_is_examined_in_few_messages(graded, monkeypatch):
    """A message costs more than most calls do: what can be asked together is."""
    asked, exchange = [], Candidate._exchange
    monkeypatch.setattr(Candidate, "_exchange", lambda self, *words: asked.append(words[0]) or exchange(self, *words))
    record, exercises = graded()
    by_function = Counter(request.get("name") for request in asked)
    assert record.score == 90 and all(by_function[name] <= 6 for name in exercises if name != "sample_top_n")
    assert len(asked) <= 33
    assert sum(draw[1] for request in asked for _, *draw in request.get("calls", ()) if draw) <= 342
