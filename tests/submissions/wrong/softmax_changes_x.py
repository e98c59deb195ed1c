"""Softmax that works in its argument.

expect: softmax 9.5 partial
"""
# %% softmax
def softmax(x):
    x -= x.max(axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=-1, keepdims=True)
    return x
