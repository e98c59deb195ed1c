"""A notebook saved in format 3, where cells stand in worksheets.

expect: * 0 missing
expect: score 0
"""
# %% notebook
nb["nbformat"], nb["nbformat_minor"] = 3, 0
nb["worksheets"] = [{"cells": nb.pop("cells")}]
