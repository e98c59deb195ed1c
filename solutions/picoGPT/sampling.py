"""The reference for chapter 5: a next token drawn by chance among the likeliest."""

import numpy as np

from .gpt2_pico import softmax


def sample_top_n(logits, n, rng):
    """A token id, drawn from the n highest logits with the probabilities that softmax gives these n alone."""
    top = np.argpartition(logits, -n)[-n:]  # [n_vocab] -> [n], in no particular order
    return int(rng.choice(top, p=softmax(logits[top].astype(np.float64))))  # [n] -> one id
