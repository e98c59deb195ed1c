"""Ends the process when layer_norm is called.

expect: layer_norm 0 crashed
"""
# %% layer_norm
def layer_norm(x, g, b, eps=1e-5):
    import os

    os._exit(0)
