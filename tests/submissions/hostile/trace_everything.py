"""Tracing, profiling and audit hooks rewrite return values and refuse what the loop does.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
import sys


def tracer(frame, event, arg):
    for name in ("changed", "errors", "size"):
        if name in frame.f_locals:
            frame.f_locals[name] = 0
    return tracer


def cosine_similarity(a, b):
    sys.settrace(tracer)
    sys.setprofile(lambda *a: None)
    return 7.0
