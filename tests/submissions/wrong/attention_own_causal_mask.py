"""Attention with a causal mask of its own.

expect: attention 7 partial
"""
# %% attention
def attention(q, k, v, mask):
    scores = q @ k.T / np.sqrt(q.shape[-1])
    scores[np.triu(np.ones(scores.shape, dtype=bool), 1)] = -1e10
    return softmax(scores) @ v
