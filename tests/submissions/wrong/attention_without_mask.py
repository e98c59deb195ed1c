"""Attention without the mask.

expect: attention 6 partial
"""
# %% attention
def attention(q, k, v, mask):
    return softmax(q @ k.T / np.sqrt(q.shape[-1])) @ v
