"""An exception's text, in a cell and in a function, is a trick on who reads it: workflow command.

start: solution
expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("\n::error::x\n::set-output name=a::b\n##[error]")
# %% + end
raise ValueError("\n::error::x\n::set-output name=a::b\n##[error]")
