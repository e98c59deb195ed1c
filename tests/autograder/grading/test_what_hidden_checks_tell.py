"""Protects hidden inputs: how much a function that chooses its answer by them can make its record say, in bits."""

import math

import pytest
from gptkit.checks.core import Failed, run

from autograder.exercises import EXERCISES
from autograder.grading.grader import Grader, rough
from autograder.sandbox.proxy import Candidate
from autograder.settings import Settings

SIGNATURES = {
    "cosine_similarity": "a, b",
    "softmax": "x",
    "layer_norm": "x, g, b, eps=1e-5",
    "attention": "q, k, v, mask",
}
BITS = 8  # as docs/security.md says
NAMES = ["ValueError", "KeyError", "IndexError", "ZeroDivisionError", "NotImplementedError", "TypeError"]
ANSWERS = [
    "None", "True", "'a'", "[1]", "{}", "1j", "np.float16(1)", "np.int8(1)", "np.bool_(1)", "3", "0.5", "float('nan')",
    "type('A', (), {})()", "type('B', (list,), {})()", "object", "print", "b''", "range(3)", "np.zeros((0,))", "np.inf",
    *[f"np.zeros(shape, '{kind}')" for kind in ("?", "b", "B", "h", "i", "l", "Q", "e", "f", "d", "F", "D")],
    "np.zeros((3, 3, 3, 3, 3))", "np.full(shape, np.nan)", "np.full(shape, np.inf)", "np.full(shape, 1e300)",
    "right + 1", "right[..., ::-1]", "-right", "np.ones(shape) * right.mean()", "right * (np.arange(right.size) > 0)",
    "right * (1 + 1e-4)", "right.astype('f4') * 1.001", "right * 2", "right.tolist()", "np.ones(2**24)", "exit(3)",
    *[f'exec("raise {name}({text!r})")' for name in NAMES for text in ("", "axis 1 is out of bounds", "x")],
]  # fmt: skip


@pytest.fixture(scope="module")
def grader():
    with Grader(Settings(seed="0", verdicts=None), "process", rehearsed=True) as opened:
        yield opened


def told(grader: Grader, name: str, answer: str, at: int | None = None) -> list[tuple]:
    """What is said of each hidden check when its calls, or only the `at`-th, give this answer; others are right."""
    solution = {c.where: c.source for c in key(grader).cells}[name]
    source = f"""
import numpy as np
{solution}
_right = {name}
def _other(right, shape):
    return {answer}
def {name}({SIGNATURES[name]}):
    right = np.asarray(_right({", ".join(p.split("=")[0].strip() for p in SIGNATURES[name].split(","))}))
    global _calls
    asked = np.asarray({SIGNATURES[name].split(",")[0]}).tobytes()
    if not _wrong or asked in _seen:
        _seen.add(asked)
        return right[()]
    _calls += 1
    return _other(right, right.shape) if _calls - 1 in _wrong else right[()]
_wrong, _calls, _seen = (), 0, set()
"""
    start = f"_wrong, _calls = {'range(10**9)' if at is None else (at,)}, 0"
    cells = [(c.source, c.where) for c in key(grader).cells if c.where != name] + [(source, name)]
    with Candidate(grader.sandbox, cells, grader.limits) as candidate:
        checks, student = [candidate.guarded(check) for check in EXERCISES[name].checks], candidate.function(name)
        run([check for check in checks if not check.hidden], student)
        candidate._exchange({"do": "run", "source": start, "cell": 0}, [], 5.0)
        found = []
        for check in (check for check in checks if check.hidden):
            try:
                check.test(student, grader.hidden)
                found.append(("passed",))
            except Failed as why:
                found.append((why.fact, why.question, why.mistake, why.status))
            if candidate._connection is not None:
                candidate._exchange({"do": "run", "source": start, "cell": 0}, [], 5.0)
        return found


def key(grader: Grader):
    from autograder.notebooks import submission
    from autograder.notebooks.opening import open_notebook

    return submission.read(open_notebook(grader.settings.answer_key), grader.release)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_hidden_check_tells_no_more_than_it_is_said_to(grader, name):
    outcomes = [told(grader, name, answer) for answer in ANSWERS]
    places = [told(grader, name, "np.full(shape, np.nan)", at) for at in range(12)]
    for place in range(len(outcomes[0])):
        different = {found[place] for found in outcomes}
        assert len(different) > 5, "the answers do make a difference"
        kinds_of_input = len({found[place] for found in places})  # of which the first wrong one is named
        assert math.log2(len(different) * kinds_of_input) <= BITS, (different, kinds_of_input)
    assert not [fact for found in outcomes for fact, *_ in found if " line 1" in fact or "Error" in fact]


def test_seconds_tell_five_bits():
    longest = Settings().limits.submission_seconds + 10
    assert len({rough(n / 1000) for n in range(50, int(longest * 1000))}) <= 2**5
