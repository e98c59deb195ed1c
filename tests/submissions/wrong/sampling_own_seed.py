"""Sampling by a generator of its own with a fixed seed.

expect: sample_top_n 0 failed
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    rng = np.random.default_rng(0)
    return int(rng.choice(top, p=softmax(logits[top].astype(float))))
