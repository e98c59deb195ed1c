"""The reply holds more answers than were asked for, and says that arguments 10 to 99 were changed.

expect: cosine_similarity 0 crashed
"""
# %% cosine_similarity
import sys


def cosine_similarity(a, b):
    wire = sys._getframe(1).f_globals
    if wire["pack"].__name__ == "pack":
        real = wire["pack"]
        wire["pack"] = lambda message, values=(): real({**message, "changed": [*range(10, 99)]}, [*values] * 9)
    return 1.0
