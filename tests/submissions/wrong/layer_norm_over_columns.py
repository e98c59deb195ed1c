"""Layer norm over the wrong axis.

expect: layer_norm 0 failed
"""
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    return g * (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps) + b
