"""Layer norm with eps outside the root.

expect: layer_norm 4.5 partial
"""
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    return g * (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + eps) + b
