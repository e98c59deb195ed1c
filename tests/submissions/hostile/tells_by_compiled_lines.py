"""Code compiled under the cell's name raises at a line that a hidden input chose.

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
        exec(compile("\n" * (int(abs(x.flat[0]) * 10) % 10) + "raise KeyError", "<cell 0>", "exec"))
    return right_softmax(x)
