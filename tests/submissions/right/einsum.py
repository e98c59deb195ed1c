"""Einsum, keepdims by None, axes by name.

expect: score 90
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return np.einsum("i,i->", a, b) / np.sqrt(np.einsum("i,i->", a, a) * np.einsum("i,i->", b, b))
# %% softmax
def softmax(x):
    e = np.exp(x - x.max(-1)[..., None])
    return np.einsum("...i,...->...i", e, 1 / e.sum(-1))
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    mean = np.einsum("...i->...", x) / x.shape[-1]
    centred = x - mean[..., None]
    variance = np.einsum("...i,...i->...", centred, centred) / x.shape[-1]
    return np.einsum("...i,...,i->...i", centred, (variance + eps) ** -0.5, g) + b
# %% attention
def attention(q, k, v, mask):
    scores = np.einsum("qd,kd->qk", q, k) * q.shape[1] ** -0.5
    return np.einsum("qk,kv->qv", softmax(scores + mask), v)
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argpartition(-logits, n)[:n]
    return top[np.argmax(logits[top] + rng.gumbel(size=n))]
