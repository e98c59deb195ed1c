"""Memory is taken piece by piece, while the cell runs and in a call. How many seconds that leaves is the machine's to say.

expect: cosine_similarity 0 *
expect: softmax * *
"""
# %% cosine_similarity
kept = []
try:
    while True:
        kept.append(np.ones(1 << 20))
except MemoryError:
    kept.clear()


def cosine_similarity(a, b):
    more = []
    while True:
        more.append(bytearray(1 << 20))
