"""The sampler looks for seeds in the environment and in the generator, and makes its own stream from them.

expect: sample_top_n * *
"""
# %% sample_top_n
import os

seed = int(os.environ.get("AUTOGRADER_SEED", "0"), 36) % 2**32
np.random.seed(seed)


def sample_top_n(logits, n, rng):
    return int(np.argsort(logits)[-1 - np.random.randint(n)])
