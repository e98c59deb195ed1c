"""An exception's text, in a cell and in a function, is a trick on who reads it: address.

start: solution
expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("see https://evil.example and www.evil.example, a@b.example")
# %% + end
raise ValueError("see https://evil.example and www.evil.example, a@b.example")
