"""Thirty added cells end the process, each in another way; the answers are right.

start: solution
"""
# %% + end
import os

os._exit(0)
# %% + end
import os

os.abort()
# %% + end
import ctypes

ctypes.string_at(0)
# %% + end
import os, signal

os.kill(os.getpid(), signal.SIGKILL)
# %% + end
raise SystemExit(0)
# %% + end
raise KeyboardInterrupt
# %% + end
import sys

sys.exit("done")
# %% + end
quit()
