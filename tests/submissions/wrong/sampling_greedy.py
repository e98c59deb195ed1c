"""Sampling that is greedy.

expect: sample_top_n 0 failed
"""
# %% sample_top_n
def sample_top_n(logits, n, rng):
    return int(np.argmax(logits))
