"""Sampling that gives the n tokens the same chance.

expect: sample_top_n 9 partial
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    top = np.argsort(logits)[-n:]
    return int(rng.choice(top))
