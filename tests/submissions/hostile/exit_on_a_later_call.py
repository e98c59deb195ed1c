"""The similarity is right five times; then it ends the process.

expect: cosine_similarity * *
"""
# %% cosine_similarity
import os

calls = []


def cosine_similarity(a, b):
    calls.append(1)
    if len(calls) > 5:
        os._exit(0)
    return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
