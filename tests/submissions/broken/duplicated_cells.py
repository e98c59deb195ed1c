"""The cell of softmax twice, nbgrader metadata and all; the second one is right.

start: solution
"""
# %% notebook
place = next(i for i, c in enumerate(nb["cells"]) if c["metadata"].get("nbgrader", {}).get("grade_id") == "softmax")
nb["cells"].insert(place, json.loads(json.dumps(nb["cells"][place])))
nb["cells"][place]["source"] = "def softmax(x):\n    return x"
