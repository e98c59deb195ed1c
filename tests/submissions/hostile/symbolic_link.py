"""The notebook is a symbolic link to the instructor's answers.

expect: * 0 *
expect: score 0
"""
# %% file
from pathlib import Path
import tests.submissions.build as build

path.unlink()
path.symlink_to(build.SOURCE)
