"""Similarity with one norm.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return np.dot(a, b) / np.linalg.norm(a)
