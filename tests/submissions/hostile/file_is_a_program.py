"""The notebook is an executable script.

start: solution
expect: * 0 *
expect: score 0
"""
# %% file
path.write_text("#!/bin/sh\ntouch /tmp/hostile-ran\n")
path.chmod(0o755)
