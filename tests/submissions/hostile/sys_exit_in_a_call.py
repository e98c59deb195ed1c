"""The function raises SystemExit, KeyboardInterrupt and exceptions of its own kind.

expect: cosine_similarity 0 error
"""
# %% cosine_similarity
class Mine(BaseException):
    pass


kinds = [SystemExit(0), KeyboardInterrupt(), GeneratorExit(), Mine(), StopIteration(), MemoryError()] * 9


def cosine_similarity(a, b):
    raise kinds.pop()
