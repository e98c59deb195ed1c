"""Softmax over the wrong axis.

expect: softmax 1.5 partial
"""
# %% softmax
def softmax(x):
    e = np.exp(x - x.max(axis=0))
    return e / e.sum(axis=0)
