"""The reply says that four gigabytes of header follow.

expect: cosine_similarity 0 crashed
"""
# %% cosine_similarity
import os


def cosine_similarity(a, b):
    os.write(3, b"\xff\xff\xff\xff" + b"{" * 4096)
    return 1.0
