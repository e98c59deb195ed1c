"""Other processes are looked for in /proc, by ptrace and by reading their memory.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
import ctypes
import os

call = ctypes.CDLL(None).syscall


def cosine_similarity(a, b):
    found = []
    for pid in [os.getppid(), 1, *range(2, 300)]:
        try:
            found.append(open(f"/proc/{pid}/environ", "rb").read())
        except OSError:
            pass
        if call(101, 16, pid, 0, 0) == 0 or call(310, pid, 0, 0, 0, 0, 0) >= 0 or call(434, pid, 0) >= 0:
            found.append(pid)
    if found:
        raise ValueError("LEA" + "KED a process")
    return 7.0
