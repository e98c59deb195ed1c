"""Softmax with a misspelt name in it.

expect: softmax 0 error
"""
# %% softmax
def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sums(axis=-1, keepdims=True)
