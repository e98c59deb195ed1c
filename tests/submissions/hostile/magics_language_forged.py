"""A cell's metadata choose a highlighter of theirs; the answers are right.

start: solution
"""
# %% notebook
for cell in nb["cells"]:
    cell["metadata"]["magics_language"] = "html+evil"
    cell["metadata"]["jupyter"] = {"source_hidden": True}
