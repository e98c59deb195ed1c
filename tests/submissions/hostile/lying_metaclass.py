"""The answer's type and the exceptions' types lie about their names and run code when asked.

expect: cosine_similarity 0 failed
expect: sample_top_n 0 error
"""
# %% cosine_similarity
class Meta(type):
    __name__ = property(lambda cls: 1 / 0)
    __mro__ = property(lambda cls: "float64" * 10**6)
    __instancecheck__ = __subclasscheck__ = lambda cls, other: True


class Bad(Exception, metaclass=Meta):
    def __str__(self):
        raise self

    __repr__ = __str__


def cosine_similarity(a, b):
    return Bad()
# %% sample_top_n
def sample_top_n(logits, n, rng):
    raise Bad
