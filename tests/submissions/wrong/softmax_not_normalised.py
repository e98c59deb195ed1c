"""Exponentials that are not divided by their sum.

expect: softmax 0 failed
"""
# %% softmax
def softmax(x):
    return np.exp(x - x.max(axis=-1, keepdims=True))
