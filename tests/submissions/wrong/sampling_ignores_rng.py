"""Sampling by chance of its own.

expect: sample_top_n 0 failed
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    return int(np.random.choice(top, p=softmax(logits[top].astype(float))))
