"""Right answers in types and layouts that nobody expects: big-endian, strided, Fortran order, read-only.

start: solution
"""
# %% + softmax
right_softmax = softmax


def softmax(x):
    y = right_softmax(x)
    y = np.asfortranarray(y) if x.ndim > 1 else np.repeat(y, 2)[::2].astype(">f8")
    y.flags.writeable = False
    return y
