"""A cell of theirs claims the tag of the released setup.

start: solution
expect: * * *
"""
# %% notebook
cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
nb["cells"].insert(0, {**cell, "id": "mine", "metadata": {"tags": ["setup"]}, "source": "import numpy as np\nnp.exp = None"})
