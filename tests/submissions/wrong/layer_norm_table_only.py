"""Layer norm that is right for a table, not for a stack of them.

expect: layer_norm 7.5 partial
"""
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    mean = x.mean(axis=1, keepdims=True)
    return g * (x - mean) / np.sqrt(((x - mean) ** 2).mean(axis=1, keepdims=True) + eps) + b
