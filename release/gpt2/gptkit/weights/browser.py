"""In a browser's Python: a model that lies on the site is fetched to where models are looked for, in memory."""

from __future__ import annotations

import json
from pathlib import Path

from gptkit.weights.folders import PARAMETERS, TEXT_FILES, models_dir
from gptkit.weights.tensorfile import WeightsError

SITE = Path(__file__).parents[1] / "site.json"  # only a site's copy of the kit has it: {"models": [names]}


def models() -> list[str]:
    """The models that lie beside the page; none when this is no page of a site."""
    return json.loads(SITE.read_text("utf-8"))["models"] if SITE.is_file() else []


def fetch(name: str) -> None:
    """Have the model in this page's memory, which forgets it when the page is closed. Raises WeightsError."""
    import js
    import pyodide_js

    folder = models_dir() / name
    if (folder / PARAMETERS).is_file():  # it comes last
        return
    folder.mkdir(parents=True, exist_ok=True)
    print(f"Fetching {name} from this site ...", flush=True)
    site = str(js.location.href).partition("/extensions/")[0]  # the kernel's script lies below it
    for file in (*TEXT_FILES, PARAMETERS):
        request = js.XMLHttpRequest.new()
        # False: wait for the answer, for `load` is no coroutine. A kernel runs in a worker, and those may wait.
        request.open("GET", f"{site}/models/{name}/{file}", False)
        request.responseType = "arraybuffer"
        request.send()
        if request.status != 200:
            raise WeightsError(f"The site did not send {file} of {name}: it answered {request.status}.")
        pyodide_js.FS.writeFile(str(folder / file), js.Uint8Array.new(request.response), canOwn=True)  # without a copy
