"""Protects the limits of time: one for each call, in the same words in the notebook and while grading."""

import numpy as np
import pytest
from gptkit.checks import core
from gptkit.checks.core import Failed, Local

from autograder.sandbox.candidate import pack
from autograder.sandbox.isolation import Sandbox
from autograder.sandbox.proxy import Candidate, Clock
from autograder.settings import Limits

LIMITS = Limits(call_seconds=1.0, load_seconds=5.0, submission_seconds=20.0)
SAMPLER = "import time\ndef sample_top_n(logits, n, rng):\n    time.sleep({})\n    return int(rng.integers(n))"
ROW = "import time\ndef softmax(x):\n    time.sleep(x[0])\n    return x"


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox("process") as sandbox:
        yield sandbox


def test_many_calls_in_one_message_have_their_time_each(sandbox):
    with Candidate(sandbox, [(SAMPLER.format(0.005), "sample_top_n"), (ROW, "softmax")], LIMITS) as candidate:
        drawn = candidate.function("sample_top_n").draws(np.ones(9), 5, seed=1, times=400)
        assert drawn.tolist() == np.random.default_rng(1).integers(5, size=400).tolist()  # 2 seconds and more
        assert len(candidate.function("softmax").many([(np.array([0.3]),)] * 6)) == 6


@pytest.mark.parametrize("before", [0, 4])
def test_one_call_too_slow_is_told_in_the_words_of_the_notebook(sandbox, before, monkeypatch):
    monkeypatch.setattr(core, "CALL_SECONDS", 1.0)
    calls = [(np.array([0.3]),)] * before + [(np.array([1.5]),)]
    space: dict = {}
    exec(ROW, space)
    with pytest.raises(Failed) as here:
        Local(space["softmax"]).many(calls)
    with Candidate(sandbox, [(ROW, "softmax")], LIMITS) as candidate, pytest.raises(Failed) as there:
        candidate.function("softmax").many(calls)
    here, there = here.value, there.value
    assert (here.fact, here.question, here.status) == (there.fact, there.question, there.status)
    assert here.fact == "One call of softmax took longer than 1 seconds." and here.status == "timeout"


def test_the_limit_is_the_notebook_s():
    assert Limits().call_seconds == core.CALL_SECONDS


def test_a_candidate_that_only_says_that_it_works_is_ended(sandbox):
    """The frames between two calls come from the candidate, so they give no time that a submission has not."""
    frame = pack({"working": True})
    endless = (
        f"import os, time\ndef softmax(x):\n    while True:\n        time.sleep(0.05)\n        os.write(3, {frame!r})"
    )
    clock = Clock(2.0)
    with Candidate(sandbox, [(endless, "softmax")], LIMITS, clock) as candidate, pytest.raises(Failed) as why:
        candidate.function("softmax")(np.ones(3))
    assert why.value.fact == "softmax used up the seconds that a submission has."
    assert why.value.status == "timeout" and 1.9 < clock.spent < 3


def test_a_submission_s_seconds_are_the_same_in_all_its_candidates(sandbox):
    clock = Clock(1.0)
    for _ in range(3):
        with Candidate(sandbox, [(ROW, "softmax")], LIMITS, clock) as candidate, pytest.raises(Failed) as why:
            candidate.function("softmax").many([(np.array([0.4]),)] * 9)
        assert why.value.status == "timeout"
    assert clock.spent < 1.5
    assert why.value.fact == "softmax was not run: the 1 seconds of this submission were used up."
