"""An exception's text, in a cell and in a function, is a trick on who reads it: mention.

start: solution
expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("@everyone #1 <img src=x onerror=alert(1)>")
# %% + end
raise ValueError("@everyone #1 <img src=x onerror=alert(1)>")
