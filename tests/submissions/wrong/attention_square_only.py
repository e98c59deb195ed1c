"""Attention for as many queries as keys only.

expect: attention 7 partial
"""
# %% attention
def attention(q, k, v, mask):
    n = len(q)
    scores = np.empty((n, n))
    scores[:] = q @ k.T / np.sqrt(q.shape[-1])
    return softmax(scores + mask) @ v
