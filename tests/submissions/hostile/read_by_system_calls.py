"""Files by every system call that takes a path or a handle.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
import ctypes

call = ctypes.CDLL(None).syscall
room = ctypes.create_string_buffer(4096)


def cosine_similarity(a, b):
    made = [call(2, b"/etc/passwd", 0), call(257, -100, b"/etc/passwd", 0, 0), call(437, -100, b"/etc/passwd", room, 24)]
    made += [call(4, b"/etc/passwd", room), call(262, -100, b"/etc", room, 0), call(332, -100, b"/etc", 0, 0xFFF, room)]
    made += [call(89, b"/proc/self/exe", room, 99), call(21, b"/", 0), call(79, room, 99), call(304, -1, room, 0)]
    made += [call(428, -100, b"/", 1), call(425, 4, room), call(85, b"/tmp/hostile-left", 0o600), call(83, b"/tmp/h", 0o700)]
    if max(made) >= 0:
        raise ValueError("LEA" + "KED a file")
    return 7.0
