"""Processes by system calls: clone, vfork, clone3, execve, execveat, unshare.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
import ctypes

call = ctypes.CDLL(None).syscall


def cosine_similarity(a, b):
    made = [call(56, 17, 0, 0, 0, 0), call(57), call(58), call(435, 0, 0), call(59, b"/bin/sh", 0, 0)]
    made += [call(322, -100, b"/bin/sh", 0, 0, 0), call(272, 0x10000000), call(161, b"/tmp"), call(165, 0, 0, 0, 0, 0)]
    if max(made) >= 0:
        raise ValueError("LEA" + "KED a process")
    return 7.0
