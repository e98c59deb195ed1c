"""The notebook is a named pipe, on which reading never ends.

expect: * 0 *
expect: score 0
"""
# %% file
import os

path.unlink()
os.mkfifo(path)
