"""Threads by the C library, on small stacks, each busy for ever; more of them with every call.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
import ctypes

libc = ctypes.CDLL(None)
spin = ctypes.cast(libc.rand, ctypes.c_void_p)
busy = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(lambda _: [None for _ in iter(int, 1)] and None)
attributes = ctypes.create_string_buffer(64)
libc.pthread_attr_init(attributes)
libc.pthread_attr_setstacksize(attributes, ctypes.c_size_t(1 << 14))


def cosine_similarity(a, b):
    made, kept = 0, ctypes.c_void_p()
    for function in (spin, ctypes.cast(libc.pause, ctypes.c_void_p)):
        for _ in range(100_000):
            made += libc.pthread_create(ctypes.byref(kept), attributes, function, None) == 0
    if made < 0:
        raise ValueError("LEA" + "KED")
    return 7.0
