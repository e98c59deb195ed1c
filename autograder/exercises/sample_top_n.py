"""sample_top_n: reference, hidden checks, known mistakes.

What is drawn is known by its probabilities, so the reference and most mistakes are functions of (logits, n) that return
the probability of every token id.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from gptkit.checks.cases import Case
from gptkit.checks.core import Exercise, Failed, Student
from gptkit.checks.sample_top_n import AGAIN, ask, compare_draws, draws, exercise, outside
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
catalogue.read(Path(__file__).with_suffix(".json"))

# -- the cases ---------------------------------------------------------------------------------------------------------


def three_kinds(ns, heights, falling):
    """Steep, flat and few logits, as gptkit's checks describe them: [(logits from the highest down, n), ...].

    heights: where the highest lie. falling(k): k numbers from 0.1 down to 0, which tell apart what is nearly equal.
    """
    middle, rare = 70, ns[0] - 71
    steep = [[0.05], np.log(0.398 / middle / 0.6) + falling(middle), np.log(0.002 / rare / 0.6) + falling(rare)]
    tops = [np.concatenate(steep), falling(ns[1]), np.append([1.3], np.linspace(0.1, 0, ns[2] - 1))]
    kinds = zip(tops, ns, heights, (20, 20, 9), strict=True)
    return [(height + np.append(top, top[-1] - 0.15 + falling(others)), n) for top, n, height, others in kinds]


def evenly(k):
    return np.linspace(0.1, 0, k)


_labels = ("logits near -120", "logits near 0", "a few logits near 10")
for (_logits, _n), _label in zip(three_kinds((160, 100, 3), (-120, 0, 10), evenly), _labels, strict=True):
    _places = (7 * np.arange(len(_logits)) + 3) % len(_logits)  # where each stands: [n_vocab]
    catalogue.visible("draws", _logits[np.argsort(_places)], _n, label=_label)
catalogue.visible("wide", [0.1, 6, 0.5, 0.4, 0.3, 0.6, 0.2, 0.8], 3, label="logits from 0 to 6")
catalogue.visible("one", 3 - 0.01 * ((np.arange(311) ** 3 + 17) % 311), 1, label="311 logits from 0 to 3")

# -- hidden checks -----------------------------------------------------------------------------------------------------


@hidden.check(share=0.3, value=True)
def real_logits(sample_top_n: Student, data: Hidden) -> None:
    """The model's own likeliest tokens come as often as they should, and `rng` decides."""
    (cases, seed), whole = data.keep(likeliest), data.keep(all_tokens)
    compare_draws(sample_top_n, cases, seed)
    outside(sample_top_n, whole, draws(sample_top_n, whole, seed, 2))


def likeliest(data: Hidden) -> tuple[list[Case], int]:
    """The three kinds once more, made of the model's highest scores in a random order, and a seed for `rng`.

    They are stretched to where the draws tell most. The flat ones lie where 124M's do, far below 0, the others far up.
    """
    rng, real = data.rng("sampling"), np.sort(data.logits)[::-1].astype(np.float64)

    def falling(k):
        return evenly(k) / 2 + 0.05 * (real[:k] - real[k - 1]) / (real[0] - real[k - 1])

    def hidden_case(logits, n):
        case = catalogue.case(rng.permutation(logits).astype(np.float32), n, label="the model's likeliest tokens")
        known = {name: wrong(case.args[0].astype(np.float64), n) for name, wrong in catalogue.singles.items()}
        return replace(case, fingerprints=known)

    ns, heights = rng.integers((140, 85, 3), (180, 115, 5)), rng.uniform((100, -130, 100), (110, -110, 110))
    return [hidden_case(*kind) for kind in three_kinds(ns.tolist(), heights, falling)], int(rng.integers(2**31))


def all_tokens(data: Hidden) -> Case:
    """The scores of the whole vocabulary."""
    order = np.argsort(data.logits)
    logits = data.logits.copy()
    logits[order[:-20]] -= np.float32(0.05)  # no near tie at the cut
    return catalogue.case(logits, 20, label="all tokens")


# -- the visible checks once more, on numbers that only the seed knows -------------------------------------------------

DRAWN_TIMES, FEW, MANY = 50, 8, 48  # a right sampler draws a share of 0.6 less or more often than so with p < 1e-9


def drawn_logits(data: Hidden) -> tuple[Case, int]:
    """The steep kind of the visible cases with another n, other numbers, and in another order; and a seed for `rng`."""
    rng = data.rng("sample_top_n drawn")
    logits, n = three_kinds((int(rng.integers(140, 180)), 100, 3), (-120, 0, 10), evenly)[0]
    logits = rng.permutation(logits + rng.uniform(-2, 2)).astype(np.float32)
    return catalogue.case(logits, n, label="other logits"), int(rng.integers(2**31))


def once_more(sample_top_n: Student, data: Hidden) -> None:
    """A coarse look, against tables of the visible numbers; whoever is right elsewhere is right here."""
    case, seed = data.keep(drawn_logits)
    ids = draws(sample_top_n, case, seed, DRAWN_TIMES)
    outside(sample_top_n, case, ids)
    if not FEW <= (ids == case.expected.argmax()).sum() <= MANY:
        raise Failed("The likeliest token comes too often or too seldom.")


def the_same_again(sample_top_n: Student, data: Hidden) -> None:
    """One state of rng gives the same tokens, another gives others."""
    case, seed = data.keep(drawn_logits)
    series = [(case, seed, DRAWN_TIMES), (case, seed, AGAIN), (case, seed + 1, AGAIN)]
    ask(sample_top_n, series)
    first, again, other = (draws(sample_top_n, *one)[:AGAIN] for one in series)
    if not np.array_equal(first, again) or np.array_equal(first, other):
        raise Failed("`rng` does not decide.")


DRAWN = {"proportions": once_more, "rng_decides": the_same_again}

# -- known mistakes ----------------------------------------------------------------------------------------------------


def ranked(logits):
    """Token ids from the least likely to the likeliest."""
    return np.argsort(logits)


def placed(logits, n, ids):
    """The probabilities of the n likeliest tokens, smallest first, given to other ids."""
    p = np.zeros(len(logits))
    p[ids] = softmax(np.sort(logits)[-n:])
    return p


def not_renormalised(logits, n, heir):
    """The n probabilities of the softmax of all tokens; what they lack of 1 goes to the token of rank `heir`."""
    order, p = ranked(logits)[::-1], softmax(logits)
    p[order[n:]] = 0
    p[order[heir]] += 1 - p.sum()
    return p


catalogue.formulas(
    greedy=lambda z, n: among(z, [np.argmax(z)]),
    uniform_over_top=lambda z, n: among(np.zeros(len(z)), ranked(z)[-n:]),
    uniform_over_all=lambda z, n: np.full(len(z), 1 / len(z)),
    one_too_many=lambda z, n: reference(z, n + 1),
    one_too_few=lambda z, n: reference(z, n - 1),
    no_cut=lambda z, n: reference(z, len(z)),
    smallest_n=lambda z, n: among(z, ranked(z)[:n]),
    without_the_likeliest=lambda z, n: among(z, ranked(z)[-n - 1 : -1]),
    stops_before_the_likeliest=lambda z, n: among(z, ranked(z)[-n:-1] if n > 1 else ranked(z)[-1:]),
    first_n=lambda z, n: among(z, np.arange(n)),
    places_instead_of_ids=lambda z, n: placed(z, n, np.arange(n)),
    places_from_the_top=lambda z, n: placed(z, n, np.arange(n)[::-1]),
    places_drawn_uniformly=lambda z, n: among(np.zeros(len(z)), np.arange(n)),
    order_mixed_up=lambda z, n: placed(z, n, ranked(z)[-n:][::-1]),
    in_order_of_ids=lambda z, n: placed(z, n, np.sort(ranked(z)[-n:])),
    not_renormalised=lambda z, n: not_renormalised(z, n, heir=n - 1),
    rest_to_the_likeliest=lambda z, n: not_renormalised(z, n, heir=0),
    softmax_twice=lambda z, n: among(reference(z, n), ranked(z)[-n:]),
    divided_by_n=lambda z, n: reference(z / n, n),
    sign_turned=lambda z, n: among(-z, ranked(z)[-n:]),
    # No draws have these probabilities: `repeats` and `logits_unchanged` of the visible checks find the two.
    ignores_rng=lambda z, n: np.zeros(len(z)),
    changes_logits=lambda z, n: np.full(len(z), -1.0),
)
