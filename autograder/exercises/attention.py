"""attention: reference, hidden checks, known mistakes."""

from pathlib import Path

import numpy as np
from gptkit.checks.attention import exercise, stored
from gptkit.checks.cases import Case
from gptkit.checks.core import Exercise
from picoGPT.gpt2_pico import attention as reference

from autograder.exercises.catalogue import Catalogue
from autograder.exercises.hidden_data import Hidden

hidden = Exercise(exercise.name, exercise.signature)


def variants(q, k, v, mask, scale="d_k", mask_use="added", axis=-1, normalise="softmax", shift=True, values="v"):
    """attention with each of its steps open to change."""
    (n_q, d_k), (n_k, d_v) = q.shape, v.shape
    size = {"d_k": d_k, "d_v": d_v, "n_q": n_q, "n_k": n_k, "none": 1, "whole": d_k**2, "times": 1 / d_k, "late": 1}
    root = float(np.sqrt(size[scale]))
    ahead = np.where(np.arange(n_k) > np.arange(n_q)[:, None], -1e10, 0)
    scores = q @ k.T
    scores = {
        "added": lambda: scores / root + mask,
        "none": lambda: scores / root,
        "before scale": lambda: (scores + mask) / root,
        "subtracted": lambda: scores / root - mask,
        "multiplied": lambda: scores / root * mask,
        "own causal": lambda: scores / root + ahead,
        "causal as well": lambda: scores / root + mask + ahead,
        "switch": lambda: np.where(mask < 0, -1e10, scores / root),
        "any hides": lambda: np.where(mask == 0, scores / root, -1e10),
        "turned": lambda: np.where(mask == 0, -1e10, scores / root),
        "only -1e10": lambda: np.where(mask <= -1e9, -1e10, scores / root),
        "to weights": lambda: scores / root,
        "zeroed": lambda: scores / root,
    }[mask_use]()
    if normalise == "softmax" or normalise == "not normalised":
        w = np.exp(scores - (scores.max(axis=axis, keepdims=True) if shift else 0))
        w = w / (w.sum(axis=axis, keepdims=True) if normalise == "softmax" else 1)
    else:
        w = scores if normalise == "scores" else (scores == scores.max(axis=axis, keepdims=True)).astype(float)
    w = w + mask if mask_use == "to weights" else w * (mask > -1e9) if mask_use == "zeroed" else w
    w = w / float(np.sqrt(d_k)) if scale == "late" else w
    return {"v": lambda: w @ v, "k": lambda: w @ k, "none": lambda: w, "mean": lambda: w @ v / n_k}[values]()


catalogue = Catalogue(exercise.name, reference, "[n_q, d_v]", variants)
catalogue.read(Path(__file__).with_suffix(".json"))

# -- others of each kind, drawn: visible checks are asked once more on them, and proofs of a mistake's name ------------


def _drawn(rng, square=False):
    """q [n_q, d_k], k [n_k, d_k], v [n_k, d_v] of sizes that are drawn, all different but for n_q = n_k if `square`."""
    n_q, n_k, d_k, d_v = rng.permutation([2, 3, 4, 5, 6])[:4]
    return rng.normal(size=(n_k if square else n_q, d_k)), rng.normal(size=(n_k, d_k)), rng.normal(size=(n_k, d_v))


@catalogue.drawn("no_mask")
def _(rng):
    """A mask of zeros, for fewer or more queries than keys and for as many."""
    return [(q, k, v, np.zeros((len(q), len(k)))) for q, k, v in (_drawn(rng), _drawn(rng, square=True))]


@catalogue.drawn("causal_mask")
def _(rng):
    """A causal mask, and one that hides some keys of each query."""
    (q, k, v), (x, y, z) = _drawn(rng, square=True), _drawn(rng)
    hide = np.where(rng.random((len(x), len(y))) < 0.4, -1e10, 0.0)
    hide[:, 0] = 0  # no query without any key
    return [(q, k, v, np.triu(np.full((len(q), len(q)), -1e10), k=1)), (x, y, z, hide)]


@catalogue.drawn("any_mask")
def _(rng):
    """Masks of any numbers, -1e10 among them."""
    cases = [(q, k, v, rng.normal(size=(len(q), len(k)))) for q, k, v in (_drawn(rng), _drawn(rng, square=True))]
    cases[0][3][:, 1] = -1e10
    return cases


@catalogue.drawn("large_scores")
def _(rng):
    """Scores of thousands, of whole numbers: their products are exact in float32."""
    q, k, v = rng.integers(0, 3, (2, 4)), rng.integers(0, 3, (5, 4)), rng.normal(size=(5, 2))
    q[:, 0], k[:, 0] = (100, -100), rng.integers(30, 50)
    return [(q * 1.0, k * 1.0, v, -rng.integers(0, 4, (2, 5)) / 2)]


# -- hidden checks -----------------------------------------------------------------------------------------------------


def chosen(data: Hidden, name: str, n: int) -> list[tuple[np.ndarray, ...]]:
    """(q, k, v, mask) of `n` heads, drawn."""
    heads = data.trace.attentions
    return [heads[i][:4] for i in data.rng(name).choice(len(heads), n, replace=False)]


@stored.hidden_check(hidden, share=0.2, rtol=1e-3, atol=1e-3)
def real_heads(data: Hidden) -> list[Case]:
    """Heads of the model give the values expected."""
    return [catalogue.case(*head, label="a head of the model") for head in chosen(data, "heads", 3)]


@stored.hidden_check(hidden, share=0.15, rtol=1e-3, atol=1e-3)
def fewer_queries(data: Hidden) -> list[Case]:
    """A few queries that look back at many keys, and values of another width, give what is expected.

    One query; a few in the middle; and values that are narrower, of random positions masked.
    """
    (q1, k1, v1, m1), (q2, k2, v2, m2), (q3, k3, v3, m3) = chosen(data, "queries", 3)
    hide = data.rng("hide").random(m3[-5:].shape) < 0.4
    hide[:, 0] = False  # no query without any key
    anywhere = np.where(hide, np.float32(-1e10), np.float32(0))
    label = "a few queries and many keys"
    return [
        catalogue.case(q1[-1:], k1, v1, m1[-1:], label="one query and many keys"),
        catalogue.case(q2[3:7], k2, v2, m2[3:7], label=label),
        catalogue.case(q3[-5:], k3, np.ascontiguousarray(v3[:, :-3]), anywhere, label=label),
    ]


@stored.hidden_check(hidden, share=0.1, rtol=1e-3, atol=1e-3)
def penalties(data: Hidden) -> list[Case]:
    """Masks that hold penalties of many sizes change the weights as the formula says.

    A penalty for distance besides the causal mask, small random numbers for any pair, large ones for all.
    """
    (q1, k1, v1, m1), (q2, k2, v2, m2) = chosen(data, "penalties", 2)
    n = len(q1)
    slope = np.float32(data.rng("slope").uniform(0.1, 0.5))
    distance = slope * np.minimum(np.arange(n) - np.arange(n)[:, None], 0).astype(np.float32)
    anything = data.rng("mask").normal(size=m2[:-2].shape).astype(np.float32)
    return [
        catalogue.case(q1, k1, v1, m1 + distance, label="a penalty for distance"),
        catalogue.case(q2[:-2], k2, v2, anything, label="a mask of small numbers"),
        catalogue.case(q2[:-2], k2, v2, anything + np.float32(1000), label="a mask of large numbers"),
    ]


# -- known mistakes ----------------------------------------------------------------------------------------------------


def weights(scores):
    """Softmax of each row, whatever its length."""
    w = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True)


def scaled(q, k, mask):
    return q @ k.T / np.sqrt(q.shape[-1]) + mask


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def square_only(q, k, v, mask):
    if len(q) != len(k):
        raise ValueError("as many queries as keys")
    return reference(q, k, v, mask)


catalogue.formulas(
    queries_and_keys_swapped=lambda q, k, v, mask: reference(k, q, v, mask),
    keys_and_values_swapped=lambda q, k, v, mask: reference(q, v, k, mask),
    weights_transposed=lambda q, k, v, mask: weights(scaled(q, k, mask)).T @ v,
    keys_not_transposed=lambda q, k, v, mask: weights(scaled(q, k.T, mask)) @ v,
    square_only=square_only,
    softmax_twice=lambda q, k, v, mask: weights(weights(scaled(q, k, mask))) @ v,
    cosine_scores=lambda q, k, v, mask: weights(unit(q) @ unit(k).T + mask) @ v,
    plain_average=lambda q, k, v, mask: np.repeat(v.mean(axis=0, keepdims=True), len(q), axis=0),
)
