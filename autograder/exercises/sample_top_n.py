"""sample_top_n: reference, hidden checks, known mistakes.

What is drawn is known by its probabilities, so the reference and most mistakes are functions of (logits, n) that return
the probability of every token id.
"""

import numpy as np
from gptkit.checks.cases import Case
from gptkit.checks.core import Exercise, Student
from gptkit.checks.sample_top_n import compare_draws, draws, exercise, outside
from picoGPT.gpt2_pico import softmax

from autograder.exercises.catalogue import Catalogue
from autograder.exercises.hidden_data import Hidden

hidden = Exercise(exercise.name, exercise.signature)


def reference(logits, n):
    """The probability of each token id, [n_vocab]: softmax of the n largest logits, 0 for the others."""
    return among(logits, np.argsort(logits)[-n:])


def among(logits, chosen):
    """Softmax of the chosen logits, [n_vocab]."""
    p = np.zeros(len(logits))
    p[chosen] = softmax(logits[chosen])
    return p


catalogue = Catalogue(exercise.name, reference, "")

# -- the visible cases -------------------------------------------------------------------------------------------------

_likely = {4: 3.6, 8: 2.7, 13: 2.1, 1: 1.6, 17: 1.3}
_logits = [_likely.get(i, 1.25 - 0.04 * (7 * i % 20)) for i in range(20)]
catalogue.visible("draws", _logits, 5, label="20 tokens, n = 5")
catalogue.visible("one", _logits, 1, label="20 tokens, n = 1")

# -- hidden checks -----------------------------------------------------------------------------------------------------


@hidden.check(share=0.3, value=True, hidden=True)
def real_logits(sample_top_n: Student, data: Hidden) -> None:
    """The model's own likeliest tokens come as often as they should, and `rng` decides."""
    (case, seed), (whole, _) = data.keep(likeliest), data.keep(all_tokens)
    compare_draws(sample_top_n, case, seed)
    outside(whole, draws(sample_top_n, whole, seed, 2))


def likeliest(data: Hidden) -> tuple[Case, int]:
    """The scores of the 300 likeliest tokens, in a random order, and a seed for `rng`.

    They are stretched so that the last of the n still comes now and then, and lie where 124M's do, far below zero.
    """
    rng = data.rng("sampling")
    top = np.sort(data.logits)[-300:].astype(np.float64)
    n = int(rng.integers(5, 8))
    top = (top - top[-1]) * 1.8 / (top[-1] - top[-n]) - 120
    top[:-n] -= 0.05  # no near tie at the cut
    logits = rng.permutation(top).astype(np.float32)
    return catalogue.case(logits, n, label="the model's likeliest tokens"), int(rng.integers(2**31))


def all_tokens(data: Hidden) -> tuple[Case, int]:
    """The scores of the whole vocabulary."""
    order = np.argsort(data.logits)
    logits = data.logits.copy()
    logits[order[:-20]] -= np.float32(0.05)
    return catalogue.case(logits, 20, label="all tokens"), 0


# -- known mistakes ----------------------------------------------------------------------------------------------------


@catalogue.mistake
def greedy(logits, n):
    """The likeliest token always comes.
    Where does rng get a chance to choose?"""
    return among(logits, [np.argmax(logits)])


@catalogue.mistake
def uniform_over_top(logits, n):
    """The n likeliest tokens all come equally often.
    Which of them should come more often, and by how much?"""
    return among(np.zeros(len(logits)), np.argsort(logits)[-n:])


@catalogue.mistake
def uniform_over_all(logits, n):
    """All tokens come equally often.
    Where do the logits enter the draw?"""
    return np.full(len(logits), 1 / len(logits))


@catalogue.mistake
def one_too_many(logits, n):
    """n + 1 tokens are in the game.
    How many entries does your slice of the sorted logits have?"""
    return reference(logits, n + 1)


@catalogue.mistake
def one_too_few(logits, n):
    """Only n - 1 tokens are in the game.
    How many entries does your slice of the sorted logits have?"""
    return reference(logits, n - 1)


@catalogue.mistake
def no_cut(logits, n):
    """All tokens are in the game, not only the n likeliest.
    Where does your code leave the others out?"""
    return reference(logits, len(logits))


@catalogue.mistake
def smallest_n(logits, n):
    """The n least likely tokens are in the game.
    In which direction does your sort run?"""
    return among(logits, np.argsort(logits)[:n])


@catalogue.mistake
def without_the_likeliest(logits, n):
    """The likeliest token never comes, and the next n do.
    Does your slice from the end of the sorted logits reach the end?"""
    return among(logits, np.argsort(logits)[-n - 1 : -1])


@catalogue.mistake
def first_n(logits, n):
    """The first n token ids are in the game, whatever their logits.
    How are the ids of the largest logits found?"""
    return among(logits, np.arange(n))


@catalogue.mistake
def places_instead_of_ids(logits, n):
    """The result is a place among the n likeliest, not a token id.
    Which id belongs to that place?"""
    p = np.zeros(len(logits))
    p[:n] = softmax(np.sort(logits)[-n:])
    return p


@catalogue.mistake
def places_from_the_top(logits, n):
    """The result is a place in the list of the likeliest, counted from the top, not a token id.
    Which id belongs to that place?"""
    return np.append(places_instead_of_ids(logits, n)[:n][::-1], np.zeros(len(logits) - n))


@catalogue.mistake
def places_drawn_uniformly(logits, n):
    """The result is a place from 0 to n - 1, all equally often, not a token id.
    Which id belongs to a place, and where do the logits enter the draw?"""
    return among(np.zeros(len(logits)), np.arange(n))


@catalogue.mistake
def order_mixed_up(logits, n):
    """The right tokens come, but with each other's probabilities.
    Are your token ids and your probabilities sorted in the same order?"""
    top = np.argsort(logits)[-n:]
    p = np.zeros(len(logits))
    p[top] = softmax(logits[top])[::-1]
    return p


@catalogue.mistake
def in_order_of_ids(logits, n):
    """The right tokens come, but sorted by id while their probabilities are sorted by size.
    Which probability belongs to which token id?"""
    top = np.argsort(logits)[-n:]
    p = np.zeros(len(logits))
    p[np.sort(top)] = softmax(logits[top])
    return p


@catalogue.mistake
def not_renormalised(logits, n):
    """The n probabilities are taken from the softmax of all tokens and do not sum to 1; the last token gets the rest.
    What should the probabilities of the n tokens add up to?"""
    order = np.argsort(logits)[::-1]
    p = softmax(logits)
    p[order[n:]] = 0
    p[order[n - 1]] += 1 - p.sum()
    return p


@catalogue.mistake
def rest_to_the_likeliest(logits, n):
    """The n probabilities are taken from the softmax of all tokens and do not sum to 1; the likeliest gets the rest.
    What should the probabilities of the n tokens add up to?"""
    order = np.argsort(logits)[::-1]
    p = softmax(logits)
    p[order[n:]] = 0
    p[order[0]] += 1 - p.sum()
    return p


@catalogue.mistake
def softmax_twice(logits, n):
    """Softmax has been applied twice, which makes the probabilities almost equal.
    What are the numbers that your second softmax is given?"""
    top = np.argsort(logits)[-n:]
    return among(reference(logits, n), top)


@catalogue.mistake
def proportional_to_logits(logits, n):
    """The logits themselves are used as weights.
    Which function turns scores into probabilities?"""
    p = reference(logits, n) > 0
    return np.where(p, logits, 0) / np.where(p, logits, 0).sum()


@catalogue.mistake
def half_temperature(logits, n):
    """The logits are doubled before softmax, so likely tokens come too often.
    What scales them?"""
    return reference(2 * logits, n)


@catalogue.mistake
def double_temperature(logits, n):
    """The logits are halved before softmax, so unlikely tokens come too often.
    What scales them?"""
    return reference(logits / 2, n)


@catalogue.mistake
def sign_turned(logits, n):
    """Among the right tokens, the least likely comes most often.
    What is the sign of each logit inside exp?"""
    return among(-logits, np.argsort(logits)[-n:])


@catalogue.mistake
def ignores_rng(logits, n):
    """The same state of rng gives other tokens when it is asked again.
    Does every draw come from the rng that is handed over?"""
    return np.zeros(len(logits))  # no draws have these probabilities: `repeats` finds it


@catalogue.mistake
def changes_logits(logits, n):
    """logits is changed: after the call, the caller's array holds other numbers.
    Which line writes into it instead of making a new array?"""
    return np.full(len(logits), -1.0)  # likewise: `logits_unchanged` finds it
