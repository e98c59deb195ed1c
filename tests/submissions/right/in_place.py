"""Copies first, then works in place.

expect: score 90
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    a, b = a.copy(), b.copy()
    a /= np.linalg.norm(a)
    b /= np.linalg.norm(b)
    return np.inner(a, b)
# %% softmax
def softmax(x):
    y = x.copy()
    y -= y.max(axis=-1, keepdims=True)
    np.exp(y, out=y)
    y /= y.sum(axis=-1, keepdims=True)
    return y
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    y = x.copy()
    y -= y.mean(axis=-1, keepdims=True)
    y /= np.sqrt(np.mean(y * y, axis=-1, keepdims=True) + eps)
    y *= g
    y += b
    return y
# %% attention
def attention(q, k, v, mask):
    scores = q @ k.T
    scores /= np.sqrt(q.shape[-1])
    scores += mask
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=-1, keepdims=True)
    return scores @ v
# %% sample_top_n
def sample_top_n(logits, n, rng):
    z = logits.copy()
    z[np.argsort(z)[:-n]] = -np.inf
    z -= z.max()
    p = np.exp(z.astype(np.float64))
    p /= p.sum()
    return int(rng.choice(z.size, p=p))
