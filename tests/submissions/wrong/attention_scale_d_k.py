"""Attention scaled by d_k, not by its root.

expect: attention 0 failed
"""
# %% attention
def attention(q, k, v, mask):
    return softmax(q @ k.T / q.shape[-1] + mask) @ v
