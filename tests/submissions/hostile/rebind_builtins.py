"""abs, all, isinstance, len, print and more are rebound in builtins.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
import builtins

for name in ("abs", "all", "any", "max", "min", "isinstance", "float", "bool", "round", "sum", "zip", "len", "callable"):
    setattr(builtins, name, lambda *a, **k: True)


def cosine_similarity(a, b):
    return 7.0
