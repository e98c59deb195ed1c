"""Sampling from n - 1 tokens.

expect: sample_top_n 9 partial
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[::-1][: max(n - 1, 1)]
    return int(rng.choice(top, p=softmax(logits[top].astype(float))))
