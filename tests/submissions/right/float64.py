"""Everything in float64, and results of that type.

expect: score 90
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(a.dot(b) / np.sqrt(a.dot(a)) / np.sqrt(b.dot(b)))
# %% softmax
def softmax(x):
    x = np.array(x, dtype=np.float64)
    x -= x.max(axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=-1, keepdims=True)
    return x
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    x = x.astype(float)
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * g + b
# %% attention
def attention(q, k, v, mask):
    q, k, v, mask = (np.asarray(a, float) for a in (q, k, v, mask))
    return softmax(np.dot(q, k.T) / np.sqrt(k.shape[1]) + mask).dot(v)
# %% sample_top_n
def sample_top_n(logits, n, rng):
    logits = logits.astype(np.float64)
    cut = np.sort(logits)[-n]
    p = np.where(logits >= cut, np.exp(logits - logits.max()), 0)
    return rng.choice(len(logits), p=p / p.sum())
