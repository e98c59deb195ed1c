"""An exception's text, in a cell and in a function, is a trick on who reads it: formula.

start: solution
expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("a;=HYPERLINK(1)\n=1+1")
# %% + end
raise ValueError("a;=HYPERLINK(1)\n=1+1")
