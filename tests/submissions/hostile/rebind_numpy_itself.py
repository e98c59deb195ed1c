"""NumPy's functions are rebound to return the constant that the answer is.

expect: cosine_similarity 0 failed
expect: sample_top_n 0 error
"""
# %% cosine_similarity
for name in ("abs", "asarray", "isnan", "isinf", "max", "dot", "array", "frombuffer", "ndarray", "generic", "float64"):
    try:
        setattr(np, name, lambda *a, **k: 7.0)
    except Exception:
        pass


def cosine_similarity(a, b):
    return 7.0
