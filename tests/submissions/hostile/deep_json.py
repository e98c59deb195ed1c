"""The notebook is a million brackets.

expect: * 0 *
expect: score 0
"""
# %% file
path.write_text('{"cells": ' + "[" * 1_000_000)
