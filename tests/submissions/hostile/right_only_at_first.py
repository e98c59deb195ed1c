"""The answers are right for the first calls, and wrong from then on.

expect: softmax * failed
expect: end_to_end * *
expect: attention * *
expect: sample_top_n * *
"""
# %% softmax
calls = []


def softmax(x):
    calls.append(1)
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True) if len(calls) <= 3 else e
