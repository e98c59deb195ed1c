"""Sampling with probabilities that rng.choice refuses.

expect: sample_top_n 0 error
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    p = softmax(logits.astype(float))
    top = np.argsort(p)[-n:]
    return int(rng.choice(top, p=p[top]))
