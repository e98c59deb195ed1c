"""Attention that scales the mask too.

expect: attention 15 partial
"""
# %% attention
def attention(q, k, v, mask):
    return softmax((q @ k.T + mask) / np.sqrt(q.shape[-1])) @ v
