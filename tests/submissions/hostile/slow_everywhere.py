"""Every message to the similarity takes as long as it may, and the exercise holds many.

expect: cosine_similarity 0 timeout
"""
# %% cosine_similarity
import time


def cosine_similarity(a, b):
    try:
        while True:
            time.sleep(0.001)
    except BaseException:
        return cosine_similarity(a, b)
