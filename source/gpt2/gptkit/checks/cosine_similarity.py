"""Visible checks of cosine_similarity(a, b): [n_embd], [n_embd] -> one number."""

import numpy as np

from gptkit.checks.cases import Stored, gates
from gptkit.checks.core import Exercise, Failed, Student
from gptkit.checks.probes.cosine_similarity import probes

exercise = Exercise("cosine_similarity", "(a, b)")
stored = Stored(exercise.name, exercise.signature, probes)
stored.visible_check(exercise, "known_angles", share=0.25, says="Vectors at a known angle have its cosine.")
stored.visible_check(
    exercise, "embeddings", share=0.15, says="Embeddings of the tiny model have the similarity expected."
)


@exercise.check(share=0.2)
def lengths_do_not_matter(cosine_similarity: Student) -> None:
    """The lengths of `a` and `b` change nothing."""
    case = stored.groups["known_angles"][-1]
    a, b = case.args
    # Powers of two change no digit of a number, so whatever changes is the function's doing.
    calls = [(a, b), (np.float32(8) * a, b), (a, np.float32(0.25) * b)]
    results = [float(gates(cosine_similarity.name, case, r)) for r in cosine_similarity.many(calls)]
    if abs(results[1] - results[0]) > 1e-4:
        raise Failed("Making `a` 8 times as long changes the result.", "What takes the length of `a` out again?")
    if abs(results[2] - results[0]) > 1e-4:
        raise Failed("Making `b` 4 times shorter changes the result.", "What takes the length of `b` out again?")


@exercise.check(share=0.05)
def arguments_unchanged(cosine_similarity: Student) -> None:
    """`a` and `b` are left as they were."""
    stored.result(cosine_similarity, stored.groups["known_angles"][0])
    stored.unchanged(cosine_similarity)
