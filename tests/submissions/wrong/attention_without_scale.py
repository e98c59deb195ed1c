"""Attention without the scale.

expect: attention 0 failed
"""
# %% attention
def attention(q, k, v, mask):
    return softmax(q @ k.T + mask) @ v
