"""The function closes the pipe and lives on.

expect: cosine_similarity 0 crashed
"""
# %% cosine_similarity
import os
import time


def cosine_similarity(a, b):
    os.closerange(0, 64)
    time.sleep(60)
