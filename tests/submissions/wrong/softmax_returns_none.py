"""Softmax without a return.

expect: softmax 0 failed
"""
# %% softmax
def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    e / e.sum(axis=-1, keepdims=True)
