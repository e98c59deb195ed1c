"""Three exercises wrong at once; attention is not blamed for its softmax.

expect: cosine_similarity 0 failed
expect: softmax 1.5 partial
expect: layer_norm 3 partial
expect: end_to_end 6.666667 partial
"""
# %% softmax
def softmax(x):
    e = np.exp(x - x.max(axis=0))
    return e / e.sum(axis=0)
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) + b
# %% cosine_similarity
def cosine_similarity(a, b):
    return np.dot(a, b)
