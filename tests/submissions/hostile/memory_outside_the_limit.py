"""Memory that address-space limits do not count: memfd, shared memory, message queues, pipes, huge pages.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
import ctypes

call = ctypes.CDLL(None).syscall


def cosine_similarity(a, b):
    made = [call(319, b"x", 0), call(29, 0, 1 << 30, 0o1777), call(68, 0, 0o1777), call(240, b"/x", 0o101, 0o700, 0)]
    made += [call(22, 0), call(53, 1, 1, 0, 0), call(425, 8, 0), call(447, 0), call(250, 0, 0, 0)]
    if max(made) >= 0:
        raise ValueError("LEA" + "KED memory")
    return 7.0
