"""An exception's text, in a cell and in a function, is a trick on who reads it: right to left.

start: solution
expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("\u202e\u2066\u200b\ufeff")
# %% + end
raise ValueError("\u202e\u2066\u200b\ufeff")
