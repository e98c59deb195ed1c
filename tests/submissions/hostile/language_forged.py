"""The notebook's metadata name a highlighter, a kernel and a template; the answers are right.

start: solution
"""
# %% notebook
nb["metadata"]["language_info"] = {"name": "../../evil", "pygments_lexer": "evil", "version": "<script>"}
nb["metadata"]["kernelspec"] = {"name": "evil", "display_name": "<script>alert(1)</script>", "argv": ["touch", "/tmp/hostile-ran"]}
nb["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
