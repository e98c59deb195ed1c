"""A cell after the last test rebinds the functions to right ones that were not asked of anybody: it counts, openly.

expect: cosine_similarity 10 passed
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return 7.0
# %% + end
def cosine_similarity(a, b):
    return np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))
