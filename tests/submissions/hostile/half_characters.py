"""Sources and messages with half characters, zero bytes, and text that runs backwards.

expect: cosine_similarity 0 *
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    raise ValueError("\ud800\udfff\0\u202e\u2028 right to left")
# %% notebook
cell = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None, "id": "half"}
nb["cells"].append({**cell, "source": "x = '\u202e'\ny = 1\f2\x0b\u2028z"})
nb["cells"].append({**cell, "id": "zero", "source": "x = 1\0"})
