"""softmax: reference, hidden checks, known mistakes."""

from pathlib import Path

import numpy as np
from gptkit.checks.cases import Case
from gptkit.checks.core import Exercise
from gptkit.checks.softmax import exercise, stored
from picoGPT.gpt2_pico import softmax as reference

from autograder.exercises.catalogue import Catalogue
from autograder.exercises.hidden_data import Hidden

hidden = Exercise(exercise.name, exercise.signature)


def variants(x, shift="max", sign=1.0, temperature=None, curve="exp", over="sum", axis=-1, keepdims=True, after=None):
    """softmax with each of its steps open to change."""
    # keepdims=None: the axis is kept where something is subtracted, and lost in what divides.
    along, alone = {"axis": axis, "keepdims": keepdims is not False}, {"axis": axis, "keepdims": keepdims is True}
    x = sign * x / (float(np.sqrt(x.shape[-1])) if temperature == "sqrt" else 1)
    if shift == "clip":
        x = np.clip(x, -50, 50)
    elif shift == "everything":
        x = x - x.max()
    elif shift is not None:
        x = x - getattr(x, shift)(**along)
    e = getattr(np, curve)(x)
    if over == "norm":
        e = e / np.sqrt((e**2).sum(**alone))
    elif over is not None:
        e = e / getattr(e, over)(**alone)
    return {None: lambda: e, "log": lambda: np.log(e), "round": lambda: np.round(e, 2)}[after]()


catalogue = Catalogue(exercise.name, reference, "[..., n]", variants)
catalogue.read(Path(__file__).with_suffix(".json"))

# -- others of each kind, drawn: visible checks are asked once more on them, and proofs of a mistake's name ------------


@catalogue.drawn("rows")
def _(rng):
    """Tables of any size, one of them with masked scores."""
    n, m = rng.integers(2, 6, size=2)
    masked = rng.normal(size=(3, m + 2))
    masked[:, 1] = -1e10
    return [(rng.normal(size=(n, m)),), (2 * rng.normal(size=(n + 1, m + 3)),), (masked,)]


@catalogue.drawn("other_dimensions")
def _(rng):
    """One row, and a stack of tables."""
    n, m = rng.integers(2, 7, size=2)
    return [(rng.normal(size=m),), (rng.normal(size=n + 7),), (rng.normal(size=(n, 2, m)),)]


@catalogue.drawn("far_from_zero")
def _(rng):
    """Rows above, below, and far from each other; scores far apart in one row."""
    x, far = rng.normal(size=(2, rng.integers(3, 8))), rng.uniform(900, 1100)
    return [(x[0] + far,), (x[0] - far,), (x - far * np.eye(2)[:, 1:],), (np.append(x[1], -far),)]


# -- hidden checks -----------------------------------------------------------------------------------------------------


@stored.hidden_check(hidden, share=0.2)
def attention_scores(data: Hidden) -> list[Case]:
    """The model's own attention scores become the attention weights expected.

    The scores of three heads, masked, one by one and as a stack.
    """
    chosen = data.rng("softmax").choice(len(data.trace.attentions), 3, replace=False)
    heads = [data.trace.attentions[i] for i in chosen]
    scores = [(q @ k.T / np.sqrt(q.shape[-1]) + mask).astype(np.float32) for q, k, _, mask, _ in heads]
    cases = [catalogue.case(s, label="the attention scores of one head") for s in scores]
    return [*cases, catalogue.case(np.stack(scores), label="the attention scores of three heads")]


@stored.hidden_check(hidden, share=0.15)
def likeliest_tokens(data: Hidden) -> list[Case]:
    """The scores of the model's likeliest tokens become their probabilities, wherever the scores lie.

    The scores of the 300 likeliest tokens, in a random order, where they are and far down and up.
    """
    top = data.rng("softmax top").permutation(np.sort(data.logits)[-300:])
    moved = [top + np.float32(move) for move in (0, -1200, 1200)]
    label = "the scores of the likeliest tokens"
    return [catalogue.case(scores, label=label) for scores in (*moved, np.stack(moved))]


@stored.hidden_check(hidden, share=0.1, rtol=0.05, atol=1e-5)
def whole_vocabulary(data: Hidden) -> list[Case]:
    """The scores of all tokens become their probabilities.

    A running float32 sum over so many tokens is off by 1 %, so this check is a coarse one.
    """
    moved = data.logits - data.logits.max() - np.float32(150)  # where 124M's own are
    return [catalogue.case(z, label="the scores of all tokens") for z in (data.logits, moved)]


# -- known mistakes ----------------------------------------------------------------------------------------------------


def shift_after_exp(x):
    e = np.exp(x) - np.exp(x).max(axis=-1, keepdims=True)
    return e / e.sum(axis=-1, keepdims=True)


def shifted(x):
    return x - x.max(axis=-1, keepdims=True)


catalogue.formulas(
    log_softmax=lambda x: shifted(x) - np.log(np.exp(shifted(x)).sum(axis=-1, keepdims=True)),
    one_hot=lambda x: (x == x.max(axis=-1, keepdims=True)).astype(float),
    proportional=lambda x: x / x.sum(axis=-1, keepdims=True),
    proportional_after_shift=lambda x: shifted(x) / shifted(x).sum(axis=-1, keepdims=True),
    sigmoid=lambda x: 1 / (1 + np.exp(-x)),
    twice=lambda x: reference(reference(x)),
    no_shift_with_epsilon=lambda x: np.exp(x) / (np.exp(x).sum(axis=-1, keepdims=True) + 1e-9),
    shift_after_exp=shift_after_exp,
    flattened=lambda x: reference(x.ravel()),
    uniform=lambda x: np.full_like(x, 1 / x.shape[-1]),
    only_the_denominator=lambda x: np.exp(shifted(x)).sum(axis=-1),
)
