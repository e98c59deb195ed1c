"""Attention that hides keys after softmax.

expect: attention 6 partial
"""
# %% attention
def attention(q, k, v, mask):
    weights = softmax(q @ k.T / np.sqrt(q.shape[-1]))
    weights[mask < -1e9] = 0
    return weights @ v
