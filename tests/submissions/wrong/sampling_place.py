"""Sampling that returns a place, not a token id.

expect: sample_top_n 5 partial
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    return int(rng.choice(n, p=softmax(logits[top].astype(float))))
