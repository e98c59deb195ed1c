"""An exception's text, in a cell and in a function, is a trick on who reads it: formula in quotes.

start: solution
expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError(";\"=cmd|' /C calc'!A0")
# %% + end
raise ValueError(";\"=cmd|' /C calc'!A0")
