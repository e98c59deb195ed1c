"""A ModuleNotFoundError names a module after a hidden input.

start: solution
expect: softmax * *
expect: attention * *
expect: sample_top_n * *
expect: end_to_end * *
"""
# %% softmax


def right_softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def softmax(x):
    if x.size in (300, 484, 900, 1452):
        raise ModuleNotFoundError("no", name="LEA" + f"KED_{x.flat[0]}")
    return right_softmax(x)
