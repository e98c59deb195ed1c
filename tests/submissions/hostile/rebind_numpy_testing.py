"""NumPy's comparisons are rebound to say yes, and the answer is a constant.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
for module in (np, np.testing, np.linalg, getattr(np, "_core", np)):
    for name in list(vars(module)):
        if any(word in name for word in ("assert", "allclose", "isclose", "array_equal", "array_equiv")):
            setattr(module, name, lambda *a, **k: True)


def cosine_similarity(a, b):
    return 7.0
