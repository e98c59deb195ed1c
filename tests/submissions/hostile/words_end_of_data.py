"""An exception's text, in a cell and in a function, is a trick on who reads it: end of data.

start: solution
expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("]]></failure></testsuite>\0")
# %% + end
raise ValueError("]]></failure></testsuite>\0")
