"""A notebook saved in format 3, where cells stand in worksheets; the answers are right.
"""
# %% notebook
nb["nbformat"], nb["nbformat_minor"] = 3, 0
for cell in nb["cells"]:
    if cell["cell_type"] == "code":
        cell["input"] = cell.pop("source")
nb["worksheets"] = [{"cells": nb.pop("cells")}]
