"""An expression of a hundred thousand brackets, for the parser.

start: solution
"""
# %% notebook
cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": "deep"}
nb["cells"].append({**cell, "source": "x = " + "(" * 30_000 + ")" * 30_000})
nb["cells"].append({**cell, "id": "deeper", "source": "x = " + "-" * 70_000 + "1"})
nb["cells"].append({**cell, "id": "deepest", "source": "x = " + "[" * 70_000})
