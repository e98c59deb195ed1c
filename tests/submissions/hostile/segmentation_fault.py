"""The function reads address 0.

expect: cosine_similarity 0 crashed
"""
# %% cosine_similarity
import ctypes


def cosine_similarity(a, b):
    ctypes.string_at(0)
