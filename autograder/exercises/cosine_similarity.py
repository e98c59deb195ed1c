"""cosine_similarity: reference, hidden checks, known mistakes."""

import numpy as np
from gptkit import weights
from gptkit.checks.cases import Case
from gptkit.checks.core import Exercise, Student
from gptkit.checks.cosine_similarity import exercise, stored
from picoGPT.similarity import cosine_similarity as reference

from autograder.exercises.catalogue import Catalogue
from autograder.exercises.hidden_data import Hidden

hidden = Exercise(exercise.name, exercise.signature)
catalogue = Catalogue(exercise.name, reference)

# -- the visible cases -------------------------------------------------------------------------------------------------

_angles = "known_angles"
catalogue.visible(_angles, [1, 0], [1, 1], label="two vectors at 45 degrees")
catalogue.visible(_angles, [3, 4], [4, -3], label="two vectors at a right angle")
catalogue.visible(_angles, [1, 2, 2], [2, 4, 4], label="two vectors of one direction")
catalogue.visible(_angles, [0.5, -1, 2, 0], [-1, 2, -4, 0], label="two vectors of opposite directions")
catalogue.visible(_angles, [2, 1, 3], [1, -1, 0.5], label="two vectors of different lengths")
_wte = weights.load(weights.EMBEDDED)[1]["wte"]
for _i, _j in ((300, 301), (400, 700)):
    catalogue.visible("embeddings", _wte[_i], _wte[_j], label="two embeddings")


@catalogue.proofs
def fresh(rng):
    """Two obtuse and two acute angles, and vectors of many lengths."""
    a, b = rng.normal(size=(2, 6)) * [[3], [0.5]]
    u, w = rng.normal(size=(2, 9)) + 0.5
    return [(a, b), (a, -b), (u, 2 * w), (-u, 0.1 * w + u)]


# -- hidden checks -----------------------------------------------------------------------------------------------------


@hidden.check(share=0.25, value=True, hidden=True)
def token_embeddings(cosine_similarity: Student, data: Hidden) -> None:
    """Embeddings of tokens have the similarity expected."""
    stored.compare(cosine_similarity, data.keep(token_pairs), atol=1e-4)


@hidden.check(share=0.1, value=True, hidden=True)
def position_embeddings(cosine_similarity: Student, data: Hidden) -> None:
    """Embeddings of positions have the similarity expected."""
    stored.compare(cosine_similarity, data.keep(position_pairs), atol=1e-4)


def token_pairs(data: Hidden) -> list[Case]:
    return pairs(data, "wte", "embeddings of tokens")


def position_pairs(data: Hidden) -> list[Case]:
    return pairs(data, "wpe", "embeddings of positions")


def pairs(data: Hidden, table: str, label: str) -> list[Case]:
    rows = data.gpt2.params[table]
    chosen = data.rng(table).choice(len(rows), size=(4, 2), replace=False)
    return [catalogue.case(np.array(rows[i]), np.array(rows[j]), label=label) for i, j in chosen]


# -- known mistakes ----------------------------------------------------------------------------------------------------


@catalogue.mistake
def no_lengths(a, b):
    """The result grows with the lengths of a and b.
    What is the dot product of two arrows divided by to leave only their angle?"""
    return a @ b


@catalogue.mistake
def only_the_length_of_a(a, b):
    """The result still grows with the length of b.
    Which two lengths belong under the fraction?"""
    return a @ b / np.linalg.norm(a)


@catalogue.mistake
def only_the_length_of_b(a, b):
    """The result still grows with the length of a.
    Which two lengths belong under the fraction?"""
    return a @ b / np.linalg.norm(b)


@catalogue.mistake
def squared_lengths(a, b):
    """The dot product is divided by the squares of the lengths.
    How does a length follow from the sum of its vector's squares?"""
    return a @ b / ((a @ a) * (b @ b))


@catalogue.mistake
def roots_of_lengths(a, b):
    """The dot product is divided by the square root of the lengths' product.
    Is the root of the sum of squares taken once, or once too often?"""
    return a @ b / np.sqrt(np.linalg.norm(a) * np.linalg.norm(b))


@catalogue.mistake
def sum_of_lengths(a, b):
    """The dot product is divided by the sum of the two lengths.
    How do the lengths of a and b enter their dot product: added or multiplied?"""
    return a @ b / (np.linalg.norm(a) + np.linalg.norm(b))


@catalogue.mistake
def euclidean_distance(a, b):
    """The result is the distance between the tips of a and b.
    What stays the same when one of the two arrows gets longer, their distance or their angle?"""
    return np.linalg.norm(a - b)


@catalogue.mistake
def one_minus_cosine(a, b):
    """The result is 1 minus the similarity: small for vectors of one direction.
    Should two equal vectors give 0 or 1?"""
    return 1 - reference(a, b)


@catalogue.mistake
def without_sign(a, b):
    """Opposite directions give 1, as equal ones do.
    Which step loses the sign?"""
    return abs(reference(a, b))


@catalogue.mistake
def clipped_at_zero(a, b):
    """Obtuse angles all give 0.
    What should two opposite vectors give?"""
    return max(0.0, reference(a, b))


@catalogue.mistake
def halfway_to_one(a, b):
    """The result lies between 0 and 1, with 0.5 for a right angle.
    Which values does a cosine take?"""
    return (1 + reference(a, b)) / 2


@catalogue.mistake
def angle(a, b):
    """The result is the angle itself, in radians.
    Which function of the angle is asked for?"""
    return np.arccos(np.clip(reference(a, b), -1, 1))


@catalogue.mistake
def angle_in_degrees(a, b):
    """The result is the angle itself, in degrees.
    Which function of the angle is asked for?"""
    return np.degrees(angle(a, b))


@catalogue.mistake
def centred(a, b):
    """The mean of each vector is subtracted first, which gives their correlation.
    Which direction does an arrow have after its mean has been taken away?"""
    return reference(a - a.mean(), b - b.mean())


@catalogue.mistake
def sums_of_absolute_values(a, b):
    """The lengths are sums of absolute values.
    How long is the arrow [3, 4]?"""
    return a @ b / (np.abs(a).sum() * np.abs(b).sum())


@catalogue.mistake
def mean_of_products(a, b):
    """The products are averaged instead of added, and the lengths are left whole.
    Does the number of directions change the angle?"""
    return reference(a, b) / len(a)


@catalogue.mistake
def mean_of_unnormalised_products(a, b):
    """The result is the mean of the products of a and b.
    What is the sum of these products divided by to leave only the angle?"""
    return (a * b).mean()


@catalogue.mistake
def products_not_summed(a, b):
    """The products of a and b come back one by one.
    Which operation turns them into a single number?"""
    return a * b / (np.linalg.norm(a) * np.linalg.norm(b))


@catalogue.mistake
def rounded(a, b):
    """The result has lost its decimals.
    Which step rounds it?"""
    return np.round(reference(a, b))


@catalogue.mistake
def largest_values(a, b):
    """The lengths are the largest numbers of a and b.
    How long is the arrow [3, 4]?"""
    return a @ b / (np.abs(a).max() * np.abs(b).max())


@catalogue.mistake
def squared(a, b):
    """The result is the square of the similarity.
    Which step squares it, or which root is missing?"""
    return reference(a, b) ** 2
