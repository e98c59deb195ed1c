"""A hundred terabytes at once.

expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return np.ones(10**13)
