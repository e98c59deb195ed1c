"""Protects the hidden data: the seed decides it, it comes from the loaded model, and it is made once."""

import numpy as np
import pytest
from gptkit.weights import find

from autograder.exercises import EXERCISES, modules
from autograder.exercises.hidden_data import DRAWN, GREEDY, SAMPLED, Hidden

TINY = find("tiny")


def test_the_same_seed_gives_the_same_text_and_another_seed_another():
    assert Hidden(TINY, "a").ids == Hidden(TINY, "a").ids != Hidden(TINY, "b").ids
    assert Hidden(TINY, 5).ids == Hidden(TINY, "5").ids


def test_each_purpose_has_its_own_chance():
    hidden = Hidden(TINY)
    assert hidden.rng("one").random() == hidden.rng("one").random() != hidden.rng("two").random()


def test_the_text_ends_with_what_the_model_finds_likeliest():
    hidden = Hidden(TINY)
    assert len(hidden.ids) == DRAWN + SAMPLED + GREEDY and hidden.n_prompt == DRAWN + SAMPLED
    assert hidden.ids[hidden.n_prompt :] == list(hidden.gpt2.greedy(hidden.ids[: hidden.n_prompt], GREEDY))
    np.testing.assert_allclose(hidden.logits, hidden.gpt2.logits(hidden.ids[: hidden.n_prompt]), atol=1e-4)


def test_what_is_made_of_it_is_made_once():
    hidden, made = Hidden(TINY), []

    def make(data):
        made.append(data)
        return [1]

    assert hidden.keep(make) is hidden.keep(make) and made == [hidden]


def test_it_is_named_after_the_models_folder():
    assert Hidden(TINY).model == "tiny"


@pytest.mark.parametrize("seed", range(12))
def test_hidden_inputs_are_fair(seed):
    """Finite float32, no norm near float32's limits, no query without a key, no tie at the cut of the top n."""
    hidden = Hidden(TINY, seed)
    attention, sampling = modules()["attention"], modules()["sample_top_n"]
    for make in (attention.real_heads, attention.fewer_queries, attention.penalties):
        for case in hidden.keep(make):
            mask = case.args[-1]
            assert {a.dtype for a in case.args} == {np.dtype(np.float32)} and np.isfinite(case.expected).all()
            assert (mask > -1e9).any(axis=1).all()
    for case in (*hidden.keep(sampling.likeliest)[0], hidden.keep(sampling.all_tokens)):
        logits, n = case.args
        ranked = np.sort(logits)[::-1]
        assert ranked[n - 1] - ranked[n] > 1e-3 and logits.dtype == np.float32


def test_every_hidden_check_says_what_it_looks_at():
    for checks in (exercise.checks for exercise in EXERCISES.values()):
        assert any(c.hidden for c in checks) and all(c.says for c in checks)
