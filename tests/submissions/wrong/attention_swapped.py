"""Attention with queries and keys swapped.

expect: attention 0 error
"""
# %% attention
def attention(q, k, v, mask):
    return softmax(k @ q.T / np.sqrt(q.shape[-1]) + mask) @ v
