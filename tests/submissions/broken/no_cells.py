"""A notebook without a single cell.

expect: * 0 missing
expect: score 0
"""
# %% notebook
nb["cells"] = []
