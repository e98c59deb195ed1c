"""Attention that adds the mask to the weights.

expect: attention 4 partial
"""
# %% attention
def attention(q, k, v, mask):
    return (softmax(q @ k.T / np.sqrt(q.shape[-1])) + mask) @ v
