"""The notebook is a terabyte of nothing.

expect: * 0 *
expect: score 0
"""
# %% file
import os

os.truncate(path, 1 << 40)
