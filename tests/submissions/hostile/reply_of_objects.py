"""Replies with object, record and pickled arrays in their header.

expect: cosine_similarity 0 crashed
"""
# %% cosine_similarity
import pickle
import sys


class Bomb:
    def __reduce__(self):
        return eval, ("__import__('os')._exit(0)",)


def cosine_similarity(a, b):
    def describe(value, blobs):
        blobs.append(pickle.dumps(Bomb()))
        return ["a", "|O", [1]]

    sys._getframe(1).f_globals["describe"] = describe
    return 1.0
