"""Every descriptor that might have been inherited is read, duplicated and searched.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
import os
import socket


def cosine_similarity(a, b):
    for fd in [*range(3), *range(4, 1024)]:
        for look in (lambda: os.read(fd, 100), lambda: os.fstat(fd), lambda: os.pread(fd, 9, 0), lambda: os.dup(fd)):
            try:
                got = look()
            except OSError:
                continue
            if got:
                raise ValueError("LEA" + f"KED descriptor {fd}")
    return 7.0
