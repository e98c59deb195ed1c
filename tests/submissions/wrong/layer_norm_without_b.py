"""Layer norm without the biases.

expect: layer_norm 2 partial
"""
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * g
