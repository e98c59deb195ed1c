"""The reply's fields have kinds that nobody expects: numbers for lists, lists for texts, dicts for numbers.

expect: cosine_similarity 0 *
expect: softmax 0 *
expect: layer_norm 0 *
expect: end_to_end 6.666667 partial
"""
# %% cosine_similarity
import sys


def cosine_similarity(a, b):
    wire = sys._getframe(1).f_globals
    if wire["pack"].__name__ == "pack":
        real = wire["pack"]
        junk = {"changed": 7, "errors": {"a": 1}, "printed": ["x"], "failed": [[], 3, [0, []], [True, {}], [-1, {}], [9, None]], "large": None}
        wire["pack"] = lambda message, values=(): real({**junk, "id": message["id"]}, values)
    return 1.0
