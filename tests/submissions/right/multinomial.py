"""Sampling by rng.multinomial, with helper functions in cells of their own.

expect: score 90
"""
# %% + softmax
def likeliest(logits, n):
    return np.argpartition(logits, -n)[-n:]
# %% sample_top_n
def sample_top_n(logits, n, rng):
    ids = likeliest(logits, n)
    p = softmax(logits[ids].astype(np.float64))
    return ids[rng.multinomial(1, p / p.sum()).argmax()]
