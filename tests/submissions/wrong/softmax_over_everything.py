"""Softmax over the whole array.

expect: softmax 1.5 partial
"""
# %% softmax
def softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)
