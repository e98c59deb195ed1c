"""A class and lambdas instead of functions, with defaults of their own.

expect: score 90
"""
# %% softmax
class Softmax:
    def __init__(self, axis=-1):
        self.axis = axis

    def __call__(self, x):
        e = np.exp(x - np.max(x, axis=self.axis, keepdims=True))
        return e / np.sum(e, axis=self.axis, keepdims=True)


softmax = Softmax()
# %% cosine_similarity
unit = lambda x: x / np.sqrt((x**2).sum())
cosine_similarity = lambda a, b: (unit(a) * unit(b)).sum()
