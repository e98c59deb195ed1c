"""The cell of the similarity never ends.

expect: cosine_similarity 0 timeout
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return 1.0


while True:
    pass
