"""The similarity is an object whose __class__ says ndarray.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
class Liar:
    __class__ = np.ndarray
    nbytes, dtype, shape = 8, np.dtype(float), ()


def cosine_similarity(a, b):
    return Liar()
