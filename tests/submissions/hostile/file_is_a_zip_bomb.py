"""The notebook is a zip of zeros.

start: solution
expect: * 0 *
expect: score 0
"""
# %% file
import zipfile

path.unlink()
with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("gpt2.ipynb", bytes(200 << 20))
