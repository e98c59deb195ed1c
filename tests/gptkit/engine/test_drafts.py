"""Guessing ahead changes how fast a text is written and not one bit of the logits, and it is never for the worse."""

from pathlib import Path

import numpy as np
import pytest
from gptkit import weights
from gptkit.engine import drafts
from gptkit.engine.drafts import Drafts
from gptkit.engine.model import GPT2, Cache
from gptkit.engine.tokenizer import Tokenizer
from hypothesis import given
from hypothesis import strategies as st
from picoGPT import gpt2_pico as textbook

from tests.drawing import few

STUDENT = {name: getattr(textbook, name) for name in ("softmax", "layer_norm", "attention")}
COST = {1: 1, 2: 1.45, 3: 1.75, 4: 2}  # steps of one row that a step of n rows takes; measured: docs/performance.md
PLAYS = (Path(__file__).parents[3] / "models" / "tiny" / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tiny():
    return weights.load(weights.EMBEDDED)


@pytest.fixture(scope="module")
def openings():
    """50 prompts of ten tokens from a text in plain English."""
    ids = Tokenizer.from_folder(weights.EMBEDDED).encode(PLAYS)
    return [ids[start : start + 10] for start in np.linspace(0, len(ids) - 10, 50).astype(int)]


@pytest.mark.parametrize("plugged", [{}, *({name: f} for name, f in STUDENT.items())], ids=["built-in", *STUDENT])
def test_a_few_positions_together_have_the_bits_of_each_alone(tiny, openings, plugged):
    gpt2, together, alone = GPT2(*tiny, **plugged), Cache(tiny[0]), Cache(tiny[0])
    for cache in (together, alone):
        gpt2.logits(openings[0], cache)
    few_ids = openings[1][: drafts.MOST + 1]
    got = gpt2._read_out(gpt2._blocks(np.array(few_ids), together))
    assert all(np.array_equal(row, gpt2.logits([token], alone)) for row, token in zip(got, few_ids, strict=True))
    assert np.array_equal(together.keys[:, :, : together.n], alone.keys[:, :, : alone.n])


@few(25)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 30), right=st.floats(0, 1))
def test_whatever_is_guessed_the_tokens_are_the_plain_loops(tiny, openings, seed, n, right):
    """Guesses drawn at random, right as often as `right` says: also right ones after wrong ones, and none."""
    gpt2, rng = GPT2(*tiny), np.random.default_rng(seed)
    prompt = openings[seed % len(openings)]
    wanted = list(gpt2.generate(prompt, n, np.argmax))

    class Oracle(Drafts):
        def guesses(self, most):
            done = len(self._text) - len(prompt)
            ahead = wanted[done : done + int(rng.integers(0, min(most, drafts.MOST) + 1))]
            return [token if rng.random() < right else int(rng.integers(tiny[0]["n_vocab"])) for token in ahead]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gptkit.engine.model.Drafts", Oracle)
        assert list(gpt2.greedy(prompt, n)) == wanted


def test_the_students_functions_write_the_same_with_guesses(tiny, openings):
    gpt2 = GPT2(*tiny, **STUDENT)
    assert list(gpt2.greedy(openings[0], 60)) == list(gpt2.generate(openings[0], 60, np.argmax))


def speed(prompt, text, costs=COST):
    """How many times as fast as the plain loop `text` is written after `prompt`, if a step of n rows takes costs[n]."""
    guessing, cost, done = Drafts(prompt), 1, 1
    guessing.add(text[0])
    while done < len(text):
        guesses = guessing.guesses(len(text) - done - 1)
        right = next((i for i, guess in enumerate(guesses) if guess != text[done + i]), len(guesses))
        for token in text[done : done + right + 1]:
            guessing.add(token)
        guessing.took(len(guesses), right + 1, costs[1 + len(guesses)])
        cost, done = cost + costs[1 + len(guesses)], done + right + 1
    return len(text) / cost


def test_no_text_is_slower_and_those_that_repeat_themselves_are_faster(tiny, openings):
    """On what the model writes, on a text that it did not write, and on one made to disappoint."""
    written = [speed(prompt, list(GPT2(*tiny).generate(prompt, 100, np.argmax))) for prompt in openings]
    assert min(written) >= 0.97 and np.median(written) >= 1.15
    ids = Tokenizer.from_folder(weights.EMBEDDED).encode(PLAYS)
    assert (
        min(speed(ids[start : start + 10], ids[start + 10 : start + 110]) for start in range(0, len(ids) - 110, 20))
        >= 0.97
    )
    assert speed([5], [1, 2, 3] * 30) >= 1.5
    broken = [token for i in range(60) for token in (1, 2, 100 + i)]  # each pair is followed by something new
    assert speed([5], broken) >= 0.97


def test_where_the_cache_is_small_little_is_lost_before_that_is_seen(tiny, openings):
    """There a second row costs nearly as much as the first, and guessing cannot pay."""
    small = {1: 1, 2: 1.9, 3: 2.8, 4: 3.7}
    written = [speed(prompt, list(GPT2(*tiny).generate(prompt, 100, np.argmax)), small) for prompt in openings]
    assert min(written) >= 0.97 and np.median(written) >= 0.985


@pytest.mark.parametrize(("seconds", "guesses"), [(0.0, [3, 1]), (1.0, [3, 1, 2])])
def test_where_more_rows_cost_nothing_the_most_are_guessed(seconds, guesses):
    """A browser's clock may not move in one step: that tells nothing."""
    guessing = Drafts([1, 2, 3, 1, 2])
    for guesses_made in (0, 1, 3):
        guessing.took(guesses_made, 1 + guesses_made, seconds)
    assert guessing.guesses(8) == guesses


def test_nothing_is_guessed_of_a_text_without_repetition():
    guessing = Drafts(range(100))
    assert guessing.guesses(3) == []
    for token in (0, 1):
        guessing.add(token)
    assert guessing.guesses(0) == [] and guessing.guesses(3)[:1] == [2]
