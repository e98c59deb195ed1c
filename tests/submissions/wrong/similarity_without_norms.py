"""Similarity without norms.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return np.dot(a, b)
