"""Import hooks give fakes for what is imported later, the grader's own helper included.

expect: cosine_similarity 0 failed
"""
# %% + setup
import builtins
import sys

real = builtins.__import__


class Hook:
    @staticmethod
    def find_spec(name, path=None, target=None):
        raise SystemExit(0)


def fake(name, *args):
    return sys if name.startswith(("gptkit", "autograder")) else real(name, *args)


sys.meta_path[:] = [Hook]
sys.path_hooks[:] = [lambda path: Hook]
builtins.__import__ = fake
# %% cosine_similarity
import gptkit.checks as checks


def cosine_similarity(a, b):
    return 7.0
