"""The notebook of another course.

expect: * 0 missing
expect: score 0
"""
# %% notebook
nb["cells"] = [{"cell_type": "code", "execution_count": None, "id": "a", "metadata": {}, "outputs": [], "source": "1"}]
