"""Softmax returns an array of objects that compare equal to anything.

expect: softmax 0 failed
"""
# %% softmax
class Yes:
    __eq__ = __le__ = __lt__ = __ge__ = __gt__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = __float__ = lambda self, *other: self


def softmax(x):
    result = np.empty(x.shape, object)
    result[...] = Yes()
    return result
