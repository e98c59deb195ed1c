"""cosine_similarity: reference, hidden checks, known mistakes."""

from pathlib import Path

import numpy as np
from gptkit import weights
from gptkit.checks.cases import Case
from gptkit.checks.core import Exercise
from gptkit.checks.cosine_similarity import exercise, stored
from picoGPT.similarity import cosine_similarity as reference

from autograder.exercises.catalogue import Catalogue
from autograder.exercises.hidden_data import Hidden

hidden = Exercise(exercise.name, exercise.signature)


def variants(a, b, centre=False, numerator="dot", denominator="lengths", after="nothing"):
    """cosine_similarity with each of its steps open to change."""
    if centre:
        a, b = a - a.mean(), b - b.mean()
    long_a, long_b = np.linalg.norm(a), np.linalg.norm(b)
    upper = {"dot": a @ b, "mean": (a * b).mean(), "products": a * b}[numerator]
    lower = {
        "lengths": long_a * long_b,
        "none": 1.0,
        "a": long_a,
        "b": long_b,
        "squares": (a @ a) * (b @ b),
        "roots": np.sqrt(long_a * long_b),
        "sum": long_a + long_b,
        "absolute": np.abs(a).sum() * np.abs(b).sum(),
        "largest": np.abs(a).max() * np.abs(b).max(),
    }[denominator]
    c = upper / lower
    return {
        "nothing": lambda: c,
        "1 minus": lambda: 1 - c,
        "absolute": lambda: np.abs(c),
        "halfway": lambda: (1 + c) / 2,
        "angle": lambda: np.arccos(np.clip(c, -1, 1)),
        "degrees": lambda: np.degrees(np.arccos(np.clip(c, -1, 1))),
        "squared": lambda: c**2,
    }[after]()


catalogue = Catalogue(exercise.name, reference, "", variants)
catalogue.read(Path(__file__).with_suffix(".json"))

_wte = weights.load(weights.EMBEDDED)[1]["wte"]
for _i, _j in ((300, 301), (400, 700)):
    catalogue.visible("embeddings", _wte[_i], _wte[_j], label="two embeddings")

# -- others of each kind, drawn: visible checks are asked once more on them, and proofs of a mistake's name ------------


@catalogue.drawn("known_angles")
def _(rng):
    """A right angle, one direction, opposite ones, and any angles, of lengths that differ."""
    a, b = rng.normal(size=(2, rng.integers(3, 9)))
    right = b - a * (a @ b) / (a @ a)  # what of b is at a right angle to a
    return [(a, right), (a, 2.5 * a), (a, -0.4 * a), (a, b), (3 * a, right + 0.5 * a)]


@catalogue.drawn("embeddings")
def _(rng):
    """Two pairs of embeddings."""
    return [tuple(np.array(_wte[rng.choice(len(_wte), 2, replace=False)])) for _ in range(2)]


# -- hidden checks -----------------------------------------------------------------------------------------------------


@stored.hidden_check(hidden, share=0.25, atol=1e-4)
def token_embeddings(data: Hidden) -> list[Case]:
    """Embeddings of tokens have the similarity expected."""
    return pairs(data, "wte", "embeddings of tokens")


@stored.hidden_check(hidden, share=0.1, atol=1e-4)
def position_embeddings(data: Hidden) -> list[Case]:
    """Embeddings of positions have the similarity expected."""
    return pairs(data, "wpe", "embeddings of positions")


def pairs(data: Hidden, table: str, label: str) -> list[Case]:
    rows = data.gpt2.params[table]
    chosen = data.rng(table).choice(len(rows), size=(4, 2), replace=False)
    return [catalogue.case(np.array(rows[i]), np.array(rows[j]), label=label) for i, j in chosen]


# -- known mistakes ----------------------------------------------------------------------------------------------------

catalogue.formulas(
    euclidean_distance=lambda a, b: np.linalg.norm(a - b),
    clipped_at_zero=lambda a, b: max(0.0, reference(a, b)),
    rounded=lambda a, b: np.round(reference(a, b)),
)
