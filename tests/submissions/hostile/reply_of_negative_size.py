"""Replies with negative, huge, boolean and fractional shapes.

expect: cosine_similarity 0 crashed
"""
# %% cosine_similarity
import sys

shapes = iter([[-1], [2**62, 2**62, 0], [True], [1.5], ["1"], [None], [[1]]] * 9)


def cosine_similarity(a, b):
    sys._getframe(1).f_globals["describe"] = lambda value, blobs: ["a", "<f8", next(shapes)]
    return 1.0
