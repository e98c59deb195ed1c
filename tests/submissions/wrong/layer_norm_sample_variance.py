"""Layer norm with ddof=1.

expect: layer_norm 0 failed
"""
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    mean, std2 = x.mean(-1, keepdims=True), x.var(-1, keepdims=True, ddof=1)
    return g * (x - mean) / np.sqrt(std2 + eps) + b
