"""The loop around the functions is found with gc and patched to return the same for every function.

expect: cosine_similarity 0 failed
expect: softmax 0 failed
expect: layer_norm 0 failed
expect: end_to_end 6.666667 partial
"""
# %% cosine_similarity
import gc


def cosine_similarity(a, b):
    for thing in gc.get_objects():
        if type(thing).__name__ == "Runner":
            type(thing).call = lambda self, *a: 7.0
    return 7.0
