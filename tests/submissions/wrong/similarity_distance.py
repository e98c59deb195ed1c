"""The distance instead of the similarity.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return np.linalg.norm(a - b)
