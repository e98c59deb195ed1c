"""Hidden inputs are printed to every stream there may be.

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
        import sys
        for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
            print("LEA" + f"KED {x.flat[0]}", file=stream, flush=True)
        for number in range(12):
            try:
                __import__("os").write(number, b"LEA" + b"KED") if number != 3 else None
            except OSError:
                pass
    return right_softmax(x)
