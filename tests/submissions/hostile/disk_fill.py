"""Every folder that might be writable is filled; the answers are right.

start: solution
"""
# %% + end
import os
import tempfile

for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/", ".", os.path.expanduser("~"), "/run/user/0", "/home"):
    for name in ("hostile-left-behind", "hostile left\nbehind"):
        try:
            with open(os.path.join(folder, name), "wb") as file:
                while True:
                    file.write(b"x" * (1 << 24))
        except Exception:
            pass
for make in (tempfile.mkdtemp, tempfile.mkstemp, lambda: os.mkfifo("/tmp/hostile-fifo"), lambda: os.mkdir("/tmp/hostile")):
    try:
        make()
    except Exception:
        pass
