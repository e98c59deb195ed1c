"""Layer norm without the gains.

expect: layer_norm 3 partial
"""
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) + b
