"""Completing a text: what comes out is what the model chose, and a request that cannot be met says why."""

import sys

import numpy as np
import pytest
from gptkit.engine.complete import complete, stream
from gptkit.engine.model import GPT2
from gptkit.engine.tokenizer import Tokenizer, _byte_letters


@pytest.fixture(scope="module")
def bytes_only():
    """A tokenizer of 311 tokens as the random model has: a token per byte, and 55 words."""
    letters = [*_byte_letters(), *(f"word{i}" for i in range(55))]
    return Tokenizer({token: i for i, token in enumerate(letters)}, [])


@pytest.fixture(scope="module")
def gpt2(random_model):
    return GPT2(*random_model)


def test_a_completion_is_the_text_of_the_greedy_tokens(gpt2, bytes_only):
    ids = list(gpt2.greedy(bytes_only.encode("Hello"), 20))
    assert complete(gpt2, bytes_only, "Hello", 20) == bytes_only.decode(ids)
    assert len(list(stream(gpt2, bytes_only, "Hello", 20))) == 20


def test_the_bar_is_optional(gpt2, bytes_only, monkeypatch):
    with_bar = complete(gpt2, bytes_only, "Hello", 5)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)  # importing it fails
    assert complete(gpt2, bytes_only, "Hello", 5) == with_bar


def test_a_character_spread_over_tokens_comes_whole(gpt2, bytes_only):
    wanted = iter(bytes_only.encode("né€🙂") + bytes_only.encode("é")[:1])
    pieces = list(stream(gpt2, bytes_only, "a", 11, choose=lambda logits: next(wanted)))
    assert pieces == ["n", "", "é", "", "", "€", "", "", "", "🙂", "\N{REPLACEMENT CHARACTER}"]


def test_choose_gets_the_logits_of_the_text_so_far(gpt2, bytes_only):
    seen = []

    def second_best(logits):
        seen.append(logits)
        return np.argsort(logits)[-2]

    text = complete(gpt2, bytes_only, "ab", 3, choose=second_best, progress=False)
    ids = bytes_only.encode("ab")
    for logits in seen:
        np.testing.assert_allclose(logits, gpt2.logits(ids), atol=1e-4)
        ids.append(int(np.argsort(logits)[-2]))
    assert bytes_only.decode(ids) == "ab" + text


@pytest.mark.parametrize(
    ("prompt", "n", "says"),
    [
        ("", 5, "at least one token"),
        ("abc", 0, "at least 1, not 0"),
        ("abc", -3, "at least 1, not -3"),
        ("a" * 60, 5, "60 tokens and 5 more do not fit a context of 64"),
        ("a" * 65, 1, "65 tokens do not fit a context of 64"),
        ("\ud800", 1, "U\\+D800"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_computed(gpt2, bytes_only, prompt, n, says):
    with pytest.raises(ValueError, match=says):
        stream(gpt2, bytes_only, prompt, n)


@pytest.mark.parametrize("chosen", [311, -1])
def test_a_choice_outside_the_vocabulary_is_refused(gpt2, bytes_only, chosen):
    with pytest.raises(ValueError, match=f"no token {chosen}: ids go from 0 to 310"):
        complete(gpt2, bytes_only, "abc", 2, choose=lambda logits: chosen, progress=False)
