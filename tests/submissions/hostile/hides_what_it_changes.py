"""Softmax changes its argument, and comparing is patched so that nobody should notice.

expect: softmax 9.5 partial
expect: sample_top_n 0 error
"""
# %% softmax
import builtins
import sys

for name in ("array_equal", "array_equiv", "allclose", "copy", "asarray", "array"):
    setattr(np, name, lambda *a, **k: True)
builtins.sorted = builtins.set = lambda *a, **k: []
try:
    np.ndarray.tobytes = lambda self: b""
except TypeError:
    pass


def softmax(x):
    x -= x.max(axis=-1, keepdims=True)
    e = np.exp(x)
    return e / e.sum(axis=-1, keepdims=True)
