"""The function sleeps for a day.

expect: cosine_similarity 0 timeout
"""
# %% cosine_similarity
import time


def cosine_similarity(a, b):
    time.sleep(86400)
