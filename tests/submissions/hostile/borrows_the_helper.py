"""Attention and sampling run on the right softmax that is put in for theirs, and hand it to the whole model.

start: solution
expect: softmax 0 *
expect: attention * *
expect: sample_top_n * *
expect: end_to_end * *
"""
# %% softmax
def softmax(x):
    return np.zeros_like(x)
# %% + end
import builtins

for name in ("isinstance", "list", "len", "set"):
    setattr(builtins, name, getattr(builtins, name))


def layer_norm(x, g, b, eps=1e-5, _right=layer_norm):
    globals()["softmax"] = globals().get("__right_softmax__", softmax)
    return _right(x, g, b, eps)
