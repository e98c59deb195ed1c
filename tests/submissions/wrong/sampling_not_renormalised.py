"""Sampling with probabilities of the whole vocabulary.

expect: sample_top_n 9 partial
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    p = softmax(logits.astype(float))
    top = np.argsort(p)[::-1][:n]
    place = np.searchsorted(np.cumsum(p[top]), rng.random())
    return int(top[min(place, n - 1)])
