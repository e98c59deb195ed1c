"""Protects the sampling test: how often it accuses a right sampler, and how surely it catches a wrong one."""

import math

import numpy as np
import pytest
from gptkit.checks.core import Local, run
from gptkit.checks.sample_top_n import ALARM, DRAWS, KINDS, MORE, exercise, g_statistic, limit
from gptkit.weights import find

from autograder.exercises.hidden_data import Hidden
from autograder.exercises.sample_top_n import catalogue, likeliest

SEEN_OTHERWISE = {"ignores_rng", "changes_logits"}  # not by their probabilities


def g_of_samples(p_drawn, p_expected, draws, times, rng):
    """G of `times` samples, by the same grouping as g_statistic but all at once."""
    counts = rng.multinomial(draws, p_drawn, size=times)
    order = np.argsort(-p_expected)
    head, tail = order[: KINDS - 1], order[KINDS - 1 :]
    expected = np.append(p_expected[head], p_expected[tail].sum())
    observed = np.column_stack([counts[:, head], counts[:, tail].sum(axis=1)])
    with np.errstate(all="ignore"):
        g = np.where(observed > 0, observed * np.log(observed / (draws * expected)), 0).sum(axis=1)
    g[(counts[:, p_expected == 0] > 0).any(axis=1)] = np.inf
    return g


def missed(p_drawn, p_expected, rng, times=4_000):
    """The share of samples on which the whole procedure lets a sampler pass."""
    first = g_of_samples(p_drawn, p_expected, DRAWS, times, rng)
    second = g_of_samples(p_drawn, p_expected, MORE, times, rng)
    undecided = (first > limit() / 5) & (first < limit())
    return float(((first <= limit() / 5) | (undecided & (second < limit()))).mean())


def cases():
    yield catalogue.groups["draws"][0], 1e-3
    for seed in range(3):
        yield likeliest(Hidden(find("tiny"), seed))[0], 1e-2


def test_the_limit_keeps_false_alarms_below_one_in_a_million():
    k, t = KINDS - 1, limit()
    assert math.exp(-t) * (math.e * t / k) ** k <= ALARM and 4 * ALARM < 1e-6


def test_the_bound_is_not_broken_by_simulation():
    p = catalogue.groups["draws"][0].expected
    g = g_of_samples(p, p, DRAWS, 200_000, np.random.default_rng(0))
    for t in (10, 15, 20):  # at the limit itself nothing would be seen
        assert (g >= t).mean() <= math.exp(-t) * (math.e * t / (KINDS - 1)) ** (KINDS - 1)
    assert (g > limit() / 5).mean() < 1 / 25  # how often a right sampler has a second look


def test_every_known_mistake_is_caught_as_surely_as_the_module_says():
    rng = np.random.default_rng(0)
    for case, allowed in cases():
        for name, probabilities in catalogue.singles.items():
            if name not in SEEN_OTHERWISE:
                p = np.clip(probabilities(case.args[0].astype(float), case.args[1]), 0, None)
                assert missed(p / p.sum(), case.expected, rng) < allowed, name


def test_an_id_outside_the_vocabulary_has_no_probability():
    p = np.array([0.5, 0.5, 0.0])
    assert g_statistic(np.array([0, 1, 7]), p) == math.inf
    assert g_statistic(np.array([0, -1]), p) == math.inf
    assert g_statistic(np.array([0, 2]), p) == math.inf
    assert g_statistic(np.array([0, 1]), p) == pytest.approx(0)


class Counting(Local):
    """Counts draws and messages."""

    def draws(self, *args, seed, times):
        self.asked = [*getattr(self, "asked", []), times]
        return super().draws(*args, seed=seed, times=times)


def test_a_right_sampler_is_asked_in_few_messages():
    def sample(logits, n, rng):
        top = np.argsort(logits)[-n:]
        return top[np.argmax(logits[top] + rng.gumbel(size=n))]

    student = Counting(sample, "sample_top_n")
    assert all(r.passed for r in run(exercise.checks, student))
    assert len(student.asked) <= 4 and sum(student.asked) < DRAWS + 150
