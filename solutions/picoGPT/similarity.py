"""The reference for chapter 4.1: how alike the directions of two embeddings are."""

import numpy as np


def cosine_similarity(a, b):
    """The cosine of the angle between two vectors: 1 for the same direction, 0 for a right angle, -1 for opposite."""
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))  # [n_embd], [n_embd] -> scalar
