"""Sampling by rng.integers: a place on a ruler that the probabilities divide.

expect: score 90
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(logits, kind="stable")[::-1][:n]
    ruler = np.cumsum(softmax(logits[top].astype(float)))
    place = rng.integers(0, 2**52) / 2**52 * ruler[-1]
    return int(top[(ruler <= place).sum()])
