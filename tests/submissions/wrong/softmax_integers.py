"""Softmax whose result is cut to integers.

expect: softmax 0 failed
"""
# %% softmax
def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)).astype(int)
