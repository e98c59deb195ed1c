"""The function overwrites Python's own objects and its return address.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
import ctypes


def cosine_similarity(a, b):
    for thing in (0, 1, None, True, float, np.ndarray):
        ctypes.memset(id(thing), 0xFF, 64)
    return 1.0
