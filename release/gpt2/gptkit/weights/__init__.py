"""GPT-2's parameters: the folder they lie in, the files that hold them, where they are fetched from and verified.

Reading order: layout (what a GPT-2 consists of), tensorfile (the file that is read), folders (find and load), then
checkpoint (OpenAI's form, converted once), and published, download, lock, fetch, verify (the real model). On a site in
a browser, browser fetches instead.
"""

from gptkit.weights.folders import EMBEDDED, find, load, models_dir
from gptkit.weights.layout import PARAMETERS
from gptkit.weights.tensorfile import WeightsError

__all__ = ["EMBEDDED", "PARAMETERS", "WeightsError", "find", "load", "models_dir"]
