"""An exception's text, in a cell and in a function, is a trick on who reads it: escape codes.

start: solution
expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("\x1b]0;x\x07\x1b[2J\x1b[31m")
# %% + end
raise ValueError("\x1b]0;x\x07\x1b[2J\x1b[31m")
