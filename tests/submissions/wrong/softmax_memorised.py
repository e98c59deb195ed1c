"""Right for the visible inputs, wrong for all others.

expect: softmax 2.5 partial
"""
# %% softmax
def softmax(x):
    if x.size > 15:
        return np.full_like(x, 1 / x.shape[-1])
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
