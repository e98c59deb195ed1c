"""Every reply is followed by a copy of an earlier one.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
import sys

kept = []


def cosine_similarity(a, b):
    wire = sys._getframe(1).f_globals
    if not kept:
        real = wire["pack"]

        def pack(message, values=()):
            kept.append(real(message, values))
            return kept[-1] + kept[0]

        wire["pack"] = pack
    return 1.0
