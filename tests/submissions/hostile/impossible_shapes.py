"""Answers with nine axes, a billion columns of nothing, and axes repeated without memory.

expect: cosine_similarity 0 failed
expect: softmax 0 *
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return np.zeros((1,) * 20)
# %% softmax
def softmax(x):
    if x.ndim == 1:
        return np.zeros((0, 2**30, 2**30))
    return np.broadcast_to(np.float64(1.0), (2**20, 2**20))
