"""A SyntaxError carries a hidden input in its text and its line.

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
        raise SyntaxError("LEA" + f"KED {x.flat[0]}", ("<cell 0>", 3, 1, "LEA" + "KED"))
    return right_softmax(x)
