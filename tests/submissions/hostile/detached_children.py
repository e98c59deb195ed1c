"""Children in sessions of their own that outlive the grading, by every way to start one.

expect: cosine_similarity 0 error
"""
# %% cosine_similarity
import multiprocessing
import os
import subprocess

ways = [
    lambda: subprocess.Popen(["sleep", "1000"], start_new_session=True),
    lambda: os.posix_spawn("/bin/sleep", ["sleep", "1000"], {}),
    lambda: os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "1000"),
    lambda: os.system("setsid sleep 1000 &"),
    lambda: multiprocessing.get_context("fork").Process(target=print).start(),
    lambda: os.forkpty(),
]


def cosine_similarity(a, b):
    for way in ways:
        try:
            way()
        except Exception:
            pass
    raise OSError("none of them")
