"""Notes for the next student are left in files, memory, names, locks and modules; the answers are right.

start: solution
"""
# %% + end
import builtins
import ctypes
import os
import socket
import sys
from multiprocessing import shared_memory

builtins.note = np.note = sys.note = "hostile note"
os.environ["HOSTILE_NOTE"] = "1"
tries = [
    lambda: open("/tmp/hostile-note", "w").write("x"),
    lambda: os.mkdir("/tmp/hostile-note"),
    lambda: os.symlink("x", "/tmp/hostile-link"),
    lambda: shared_memory.SharedMemory("hostile-note", create=True, size=100),
    lambda: socket.socket(socket.AF_UNIX).bind("\0hostile-note"),
    lambda: ctypes.CDLL(None).shmget(0x484F, 100, 0o1777),
    lambda: ctypes.CDLL(None).setpriority(0, 0, 19),
    lambda: ctypes.CDLL(None).syscall(248, b"user", b"hostile-note", b"x", 1, -3),
]
for attempt in tries:
    try:
        attempt()
    except Exception:
        pass
