"""NaN compares false with every bound, infinity is beyond all of them.

expect: cosine_similarity 0 failed
expect: softmax 0 failed
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return float("nan")
# %% softmax
def softmax(x):
    return np.full(x.shape, -np.inf)
