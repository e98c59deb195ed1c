"""layer_norm: reference, hidden checks, known mistakes."""

from pathlib import Path

import numpy as np
from gptkit.checks.cases import Case
from gptkit.checks.core import Exercise
from gptkit.checks.layer_norm import exercise, stored
from picoGPT.gpt2_pico import layer_norm as reference

from autograder.exercises.catalogue import Catalogue
from autograder.exercises.hidden_data import Hidden

hidden = Exercise(exercise.name, exercise.signature)


def variants(
    x, g, b, eps=1e-5, axis=-1, keepdims=True, centre="mean", spread="var", ddof=0, divisor="root", gain="g", bias="b"
):
    """layer_norm with each of its steps open to change."""
    along = {"axis": axis, "keepdims": keepdims}
    middle = {"mean": x.mean(**along), "none": 0.0, "median": np.median(x, **along), "everything": x.mean()}[centre]
    own = x.mean(**along)
    power = {
        "var": lambda: x.var(ddof=ddof, **along),
        "everything": lambda: x.var(),
        "squares": lambda: (x**2).mean(**along),
        "sum": lambda: ((x - own) ** 2).sum(**along),
        "absolute": lambda: np.abs(x - own).mean(**along) ** 2,
        "range": lambda: (x.max(**along) - x.min(**along)) ** 2,
    }[spread]()
    scale = {
        "root": lambda: np.sqrt(power + eps),
        "no eps": lambda: np.sqrt(power),
        "fixed eps": lambda: np.sqrt(power + 1e-5),
        "eps outside": lambda: np.sqrt(power) + eps,
        "eps squared": lambda: np.sqrt(power + eps**2),
        "no root": lambda: power + eps,
        "times": lambda: 1 / np.sqrt(power + eps),
    }[divisor]()
    gains = {"g": g, "none": 1.0, "one more": 1 + g}[gain]
    y = (x - middle) / scale
    return {"b": gains * y + b, "none": gains * y, "first": gains * (y + b), "minus": gains * y - b}[bias]


catalogue = Catalogue(exercise.name, reference, "[..., n]", variants)
catalogue.read(Path(__file__).with_suffix(".json"))

# -- others of each kind, drawn: visible checks are asked once more on them, and proofs of a mistake's name ------------


def _drawn(rng, *before):
    """x [*before, n] for an n that is drawn, with gains and biases."""
    n = rng.integers(3, 8)
    # No row of little variance, which would show a missing eps: that is asked, and paid for, in one group alone.
    apart = rng.permuted(np.broadcast_to(np.linspace(-3, 3, n), (*before, n)), axis=-1)
    return apart + rng.normal(size=(*before, n)) / 2 + rng.normal(), rng.normal(size=n), rng.normal(size=n)


@catalogue.drawn("rows")
def _(rng):
    """Tables with gains of 1 and biases of 0."""
    return [(x, np.ones_like(g), np.zeros_like(b)) for x, g, b in (_drawn(rng, 2), _drawn(rng, 3))]


@catalogue.drawn("gain_and_bias")
def _(rng):
    """Tables with any gains and biases."""
    return [_drawn(rng, 2), _drawn(rng, 3)]


@catalogue.drawn("other_dimensions")
def _(rng):
    """One row, and a stack of tables."""
    return [_drawn(rng), _drawn(rng, 3, 2)]


@catalogue.drawn("small_variance")
def _(rng):
    """A row of equal numbers (in quarters, whose mean is exact), rows of little variance, and another eps."""
    (x, g, b), little = _drawn(rng, 2), _drawn(rng, 2)
    equal = np.full_like(x[:1], rng.integers(1, 9) / 4)
    ones, zeros = np.ones_like(little[1]), np.zeros_like(little[1])
    return [
        (equal, g, b),
        (little[0] * 0.003, ones, zeros),
        (x, np.ones_like(g), np.zeros_like(b), rng.uniform(0.2, 0.8)),
    ]


# -- hidden checks -----------------------------------------------------------------------------------------------------


@stored.hidden_check(hidden, share=0.2, atol=1e-4)
def activations(data: Hidden) -> list[Case]:
    """The model's own activations, gains and biases give the numbers expected."""
    norms = data.trace.layer_norms
    chosen = sorted({0, 1, *data.rng("layer_norm").choice(len(norms), 2, replace=False), len(norms) - 1})
    return [catalogue.case(*norms[i][:3], label="the model's activations") for i in chosen]


@stored.hidden_check(hidden, share=0.15, atol=1e-4)
def batch(data: Hidden) -> list[Case]:
    """A batch of the model's activations, and one alone, give the numbers expected with any gains and biases."""
    x = data.trace.layer_norms[1][0]
    g, b = data.rng("gains").normal(size=(2, x.shape[-1])).astype(np.float32)
    half = len(x) // 2
    pair = np.stack([x[:half], x[half : 2 * half]])
    return [
        catalogue.case(pair, g, b, label="a batch of the model's activations"),
        catalogue.case(x[-1], g, b, label="one of the model's activations"),
    ]


@stored.hidden_check(hidden, share=0.1, atol=1e-4)
def any_eps(data: Hidden) -> list[Case]:
    """The `eps` that is given is the one that is used.

    eps of about the activations' own variance, and zero difference between the numbers of a row.
    """
    x, g, b, _ = data.trace.layer_norms[1]
    eps = float(x.var(axis=-1).mean() * data.rng("eps").uniform(0.3, 1))
    flat = np.full((2, 8), 0.25, np.float32)
    return [
        catalogue.case(x[:4], g, b, eps, label="another eps"),
        catalogue.case(flat, g[:8], b[:8], label="rows of equal numbers"),
    ]


# -- known mistakes ----------------------------------------------------------------------------------------------------


def centred(x):
    return x - x.mean(axis=-1, keepdims=True)


def deviation(x, eps):
    return np.sqrt(x.var(axis=-1, keepdims=True) + eps)


def between_zero_and_one(x, g, b, eps=1e-5):
    low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
    return g * (x - low) / (high - low + eps) + b


catalogue.formulas(
    gain_and_bias_swapped=lambda x, g, b, eps=1e-5: reference(x, b, g, eps),
    only_gain_and_bias=lambda x, g, b, eps=1e-5: g * x + b,
    gain_and_bias_before=lambda x, g, b, eps=1e-5: reference(g * x + b, 1.0, 0.0, eps),
    bias_not_moved_by_root=lambda x, g, b, eps=1e-5: (g * centred(x) + b) / deviation(x, eps),
    centred_only=lambda x, g, b, eps=1e-5: g * centred(x) + b,
    no_brackets=lambda x, g, b, eps=1e-5: g * (x - x.mean(axis=-1, keepdims=True) / deviation(x, eps)) + b,
    between_zero_and_one=between_zero_and_one,
)
