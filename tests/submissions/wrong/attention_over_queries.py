"""Attention whose softmax runs over the queries.

expect: attention 0 failed
"""
# %% attention
def attention(q, k, v, mask):
    return softmax((q @ k.T / np.sqrt(q.shape[-1]) + mask).T).T @ v
