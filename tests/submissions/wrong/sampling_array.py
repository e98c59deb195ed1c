"""Sampling that returns an array of one id.

expect: sample_top_n 0 failed
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    return rng.choice(top, size=1, p=softmax(logits[top].astype(float)))
