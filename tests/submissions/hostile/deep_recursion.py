"""Recursion without a bound, down to the end of the stack.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
import sys

sys.setrecursionlimit(10**9)


class Deep:
    def __repr__(self):
        return repr(self)

    __getattr__ = lambda self, name: getattr(self, name + "x")


def cosine_similarity(a, b):
    return repr(Deep())
