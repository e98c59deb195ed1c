"""Visible checks of cosine_similarity(a, b): [n_embd], [n_embd] -> one number."""

import numpy as np

from gptkit.checks.cases import Stored, gates
from gptkit.checks.core import Exercise, Failed, Student
from gptkit.checks.probes.cosine_similarity import probes

exercise = Exercise("cosine_similarity", "(a, b)")
stored = Stored(exercise.name, exercise.signature, probes)


@exercise.check(share=0.25, value=True)
def known_angles(cosine_similarity: Student) -> None:
    """Vectors at a known angle have its cosine."""
    stored.compare(cosine_similarity, "known_angles")


@exercise.check(share=0.15, value=True)
def embeddings(cosine_similarity: Student) -> None:
    """Embeddings of the tiny model have the similarity expected."""
    stored.compare(cosine_similarity, "embeddings")


@exercise.check(share=0.2)
def lengths_do_not_matter(cosine_similarity: Student) -> None:
    """The lengths of `a` and `b` change nothing."""
    case = stored.groups["known_angles"][-1]
    a, b = case.args
    calls = [(a, b), (np.float32(8) * a, b), (a, np.float32(0.25) * b)]
    results = [float(gates(cosine_similarity.name, case, r)) for r in cosine_similarity.many(calls)]
    if abs(results[1] - results[0]) > 1e-4:
        raise Failed("Making `a` 8 times as long changes the result.", "What takes the length of `a` out again?")
    if abs(results[2] - results[0]) > 1e-4:
        raise Failed("Making `b` 4 times shorter changes the result.", "What takes the length of `b` out again?")


@exercise.check(share=0.05)
def arguments_unchanged(cosine_similarity: Student) -> None:
    """`a` and `b` are left as they were."""
    cosine_similarity(*stored.groups["known_angles"][0].args)
    stored.unchanged(cosine_similarity)
