"""Test cells are there twice, once with a better ending.

expect: cosine_similarity 0 failed
"""
# %% cosine_similarity
def cosine_similarity(a, b):
    return 7.0
# %% notebook
for cell in [c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id", "").startswith("test_")]:
    nb["cells"].append({**json.loads(json.dumps(cell)), "source": "10.0", "id": cell["id"] + "-again"})
