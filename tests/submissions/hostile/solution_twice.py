"""Two cells hold the same function under the same grade_id; the last one, which is wrong, counts.

expect: cosine_similarity 0 failed
"""
# %% notebook
for cell in [c for c in nb["cells"] if c["metadata"].get("nbgrader", {}).get("grade_id") == "cosine_similarity"]:
    wrong = "def cosine_similarity(a, b):\n    return 7.0"
    nb["cells"].append({**json.loads(json.dumps(cell)), "source": wrong, "id": "again"})
