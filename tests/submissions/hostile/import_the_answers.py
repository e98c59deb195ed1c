"""The reference, the exercises and the kit are imported under every name they might have.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
import importlib
import sys

names = ["picoGPT", "picoGPT.gpt2_pico", "autograder", "autograder.exercises.cosine_similarity", "gptkit", "gptkit.engine.model"]
names += ["candidate", "examiner", "sandbox", "nbgrader", "scipy", "sklearn", "torch", "tensorflow", "gptkit.checks.cases"]


def cosine_similarity(a, b):
    sys.path[:0] = ["/", "/site", "/python", ".", "..", "/repo", "/repo/solutions", "solutions", "source/gpt2"]
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        raise ValueError("LEA" + f"KED {name}")
    return 7.0
