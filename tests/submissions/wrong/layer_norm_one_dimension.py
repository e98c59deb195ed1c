"""Layer norm that is right for one row alone.

expect: layer_norm 0 failed
"""
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    return g * (x - x.mean()) / np.sqrt(x.var() + eps) + b
