"""Everything kept in float32, to the last constant.

expect: score 90
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    a = np.float32(a) / np.float32(np.sqrt(np.sum(np.square(a), dtype=np.float32)))
    b = np.float32(b) / np.float32(np.sqrt(np.sum(np.square(b), dtype=np.float32)))
    return np.sum(a * b, dtype=np.float32)
# %% softmax
def softmax(x):
    e = np.exp(np.subtract(x, np.max(x, axis=-1, keepdims=True), dtype=np.float32))
    return np.divide(e, np.sum(e, axis=-1, keepdims=True, dtype=np.float32), dtype=np.float32)
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    mean = np.mean(x, axis=-1, keepdims=True, dtype=np.float32)
    square = np.mean(np.square(x - mean), axis=-1, keepdims=True, dtype=np.float32)
    return (x - mean) * (np.float32(1) / np.sqrt(square + np.float32(eps))) * g + b
# %% attention
def attention(q, k, v, mask):
    q = q / np.sqrt(np.float32(q.shape[-1]))
    return softmax(q @ k.T + mask) @ v
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(-logits)[:n]
    p = softmax(logits[top])
    place = np.searchsorted(np.cumsum(p), rng.random(dtype=np.float32) * p.sum())
    return int(top[min(place, n - 1)])
