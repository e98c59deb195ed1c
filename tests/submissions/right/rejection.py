"""Sampling by rejection: a token is proposed until one is accepted.

expect: score 90
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    while True:
        token = rng.choice(top)
        if rng.uniform() < np.exp(logits[token] - logits.max()):
            return token
