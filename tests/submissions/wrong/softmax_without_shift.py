"""Softmax without subtracting the maximum.

expect: softmax 6.5 partial
"""
# %% softmax
def softmax(x):
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)
