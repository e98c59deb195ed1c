"""Sampling that changes logits.

expect: sample_top_n 18 partial
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    logits[np.argsort(logits)[:-n]] = -np.inf
    return int(rng.choice(len(logits), p=softmax(logits.astype(float))))
