"""The visible cases are looked up by their numbers; anything else gets a guess.

expect: cosine_similarity * partial
"""
# %% cosine_similarity
seen = {}


def cosine_similarity(a, b):
    if len(a) < 8:  # as small as the visible ones
        return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
    return 0.5
