"""Softmax returns an array that says it equals anything.

expect: softmax 0 failed
"""
# %% softmax
class Yes(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return np.zeros(self.shape, bool) if ufunc in (np.less_equal, np.greater) else Yes(self.shape)

    def __array_function__(self, function, types, args, kwargs):
        return True

    def __eq__(self, other):
        return True

    all = any = __bool__ = lambda self, *a, **k: True
    sum = max = min = lambda self, *a, **k: 1.0


def softmax(x):
    return np.full(np.shape(x), 7.0).view(Yes)
