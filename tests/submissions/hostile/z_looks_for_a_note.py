"""Looks for what another student's code may have left in the process it was forked from, or anywhere else.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
import builtins
import ctypes
import gc
import os
import sys


def cosine_similarity(a, b):
    found = [hasattr(place, "note") for place in (builtins, np, sys)] + ["HOSTILE_NOTE" in os.environ]
    found += [os.path.lexists(f"/tmp/hostile-{what}") for what in ("note", "link")]
    found += [ctypes.CDLL(None).shmget(0x484F, 100, 0) >= 0]
    found += [isinstance(thing, dict) and "forged" in thing for thing in gc.get_objects()]
    if any(found):
        raise ValueError("LEA" + f"KED {found}")
    return 7.0
