"""The exception's text never comes.

expect: cosine_similarity 0 timeout
"""
# %% cosine_similarity
class Slow(Exception):
    def __str__(self):
        while True:
            pass


def cosine_similarity(a, b):
    raise Slow
