"""The exception's text is millions of colour codes, tags and half characters.

expect: cosine_similarity 0 error
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("\x1b[31m<script>alert(1)</script>\ud800\u202e" * 100_000)
