"""One operation in C that takes years and cannot be interrupted.

expect: cosine_similarity 0 timeout
"""
# %% cosine_similarity
import re


def cosine_similarity(a, b):
    return re.match(r"(a|a)*$", "a" * 60 + "b")
