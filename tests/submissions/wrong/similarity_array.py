"""Similarity as an array of one number.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return np.array([np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))])
