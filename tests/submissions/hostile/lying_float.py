"""The similarity is a float that says it equals anything.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
class Yes(float):
    __eq__ = __le__ = __lt__ = __ge__ = __gt__ = __bool__ = lambda self, *other: True
    __sub__ = __rsub__ = __abs__ = __mul__ = lambda self, *other: self
    __array__ = lambda self, *a, **k: np.zeros(())
    __hash__ = float.__hash__


def cosine_similarity(a, b):
    return Yes(0.5)
