"""Sampling from n + 1 tokens.

expect: sample_top_n 5 partial
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n - 1 :]
    return int(rng.choice(top, p=softmax(logits[top].astype(float))))
