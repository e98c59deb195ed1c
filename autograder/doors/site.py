"""The assignment as a link: a static site on which the notebook, the kit and a model run in the student's browser.

It is a JupyterLite with the Pyodide kernel. The kit comes as a wheel that the kernel loads when it starts, so that it
is always the site's own; the notebook is copied to the browser's storage when it is first saved, and `page.js` looks
after it there.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from gptkit import weights
from gptkit.weights import folders, layout, tensorfile

from autograder.doors.gradescope import TEMPLATES
from autograder.errors import AutograderError, UsageError
from autograder.files import new_folder, save
from autograder.settings import REPOSITORY, Settings

TOOLS = REPOSITORY / ".venv-site"
PYODIDE = "0.27.7"  # the version that tests/browser/test_site.py runs on
DISTRIBUTION = f"https://cdn.jsdelivr.net/pyodide/v{PYODIDE}/full/pyodide.js"
CORE = ("pyodide.js", "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
NEEDED = ("numpy", "pandas", "matplotlib")  # by the notebook
KERNEL = ("micropip", "ssl", "sqlite3", "jedi", "ipython")  # by JupyterLite
REAL = "124M"
WHEELS = ("comm==0.2.3", "ipywidgets==8.1.7")  # not in Pyodide
FROM_WORKER = "../../../../kit"  # the wheels' folder, as seen by the kernel's script in extensions/
ICONS = ("notebook", "busy-1", "busy-2", "busy-3")  # that the page asks for
KERNELSPEC = {"name": "python", "display_name": "Python (in your browser)", "language": "python"}

DESCRIPTION = f"""\
Make a static site of the assignment: a student opens a link, and the notebook runs in their browser.

Put the folder on GitHub Pages or any web server; docs/site.md says how. The first time, JupyterLite (20 MB) is
installed into .venv-site. A student's browser fetches Pyodide {PYODIDE} from its public distribution, or, with
--pyodide, from the site itself: a site for a school without internet."""


def add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", metavar="DIR", type=Path, help="a folder that does not exist yet, or is empty")
    pyodide = f"a folder with Pyodide {PYODIDE}, copied into the site"
    command.add_argument("--pyodide", metavar="PATH", type=Path, help=pyodide)
    real = f"put the real GPT-2 {REAL} on the site too, in half precision (250 MB)"
    command.add_argument("--weights", action="store_true", help=real)


def run(options: argparse.Namespace) -> int:
    """Make the site, whole or not at all. Raises UsageError or AutograderError."""
    folder = options.folder.resolve()
    with new_folder(folder) as made:
        if options.pyodide:
            check_pyodide(options.pyodide)
        install()
        models = [REAL] if options.weights else []
        # JupyterLite's settings lie beside the new folder, in the scratch folder that is gone when this is done.
        build(made.parent / ".lite", made, Settings.from_environment(), options.pyodide, models)
    print(f"{folder} is ready ({size(folder) / 1e6:.0f} MB): put it on a web server. To look at it here:")
    print(f"  {Path(sys.executable).name} -m http.server --directory {folder} 8000")
    return 0


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def check_pyodide(folder: Path) -> None:
    """Raises UsageError unless the folder holds the Pyodide that JupyterLite's kernel is made for."""
    try:
        version = json.loads((folder / "pyodide-lock.json").read_text("utf-8"))["info"]["version"]
    except (OSError, ValueError, KeyError):
        raise UsageError(f"{folder}: is no Pyodide distribution (it has no pyodide-lock.json).") from None
    if version != PYODIDE:
        raise UsageError(f"{folder}: is Pyodide {version}, and the site needs {PYODIDE}.")


def install() -> None:
    """Have JupyterLite in an environment of its own, with the wheels that the browser needs beside Pyodide's."""
    wheels = TOOLS / "wheels"
    if wheels.is_dir():
        return
    print(f"Installing JupyterLite from PyPI into {TOOLS.name} (20 MB, once) ...", flush=True)
    pip = [str(TOOLS / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    command([sys.executable, "-m", "venv", str(TOOLS)])
    command([*pip, "install", "-r", str(TEMPLATES / "site" / "requirements.txt")])
    command([*pip, "download", "--no-deps", "--dest", str(TOOLS / "new-wheels"), *WHEELS])
    # Last of all: where this folder is, everything is, and a run that was stopped before begins again.
    (TOOLS / "new-wheels").rename(wheels)


def command(words: list[str], folder: Path | None = None) -> None:
    """Run a program, in a folder. Raises AutograderError with what it said when it fails."""
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    if done.returncode:
        raise AutograderError(f"{' '.join(words[:4])} failed:\n{(done.stdout + done.stderr).strip()}")


def build(lite: Path, made: Path, settings: Settings, pyodide: Path | None, models: list[str]) -> None:
    """Write the site to `made`, with `lite` as the folder of JupyterLite's settings."""
    lite.mkdir()
    notebook = json.loads(settings.release.read_text("utf-8"))
    version = hashlib.sha256(settings.release.read_bytes()).hexdigest()[:12]
    usual = notebook["metadata"]["kernelspec"]
    notebook["metadata"] |= {"kernelspec": KERNELSPEC, "site": {"version": version}}
    wheels = [
        *sorted((TOOLS / "wheels").glob("*.whl")),
        pack_kit(REPOSITORY / "source" / settings.assignment / "gptkit", lite, models),
    ]
    packages = [*KERNEL, *NEEDED, *(f"{FROM_WORKER}/{wheel.name}" for wheel in wheels)]
    options = {"loadPyodideOptions": {"packages": packages}, "pyodideUrl": DISTRIBUTION}
    kernel = options | {"disablePyPIFallback": bool(pyodide)}
    if pyodide:  # found there, its address takes the place of the public one
        copy_pyodide(pyodide, lite / "static" / "pyodide")
    config = {
        "appName": "GPT-2, from the inside",
        "exposeAppInBrowser": True,  # for page.js
        "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel},
    }
    save(lite / "jupyter-lite.json", json.dumps({"jupyter-lite-schema-version": 0, "jupyter-config-data": config}))
    shutil.copyfile(TEMPLATES / "site" / "overrides.json", lite / "overrides.json")
    words = [str(TOOLS / "bin" / "jupyter-lite"), "build", "--lite-dir", str(lite), "--output-dir", str(made)]
    words += ["--no-sourcemaps", "--no-unused-shared-packages", "--apps", "notebooks", "--apps", "tree"]
    command(words, lite.parent)  # it leaves a file of its own there
    put_notebook(made, settings.release.name, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")
    (made / "kit").mkdir()
    for wheel in wheels:
        shutil.copyfile(wheel, made / "kit" / wheel.name)
    for name in models:
        put_model(name, made / "models" / name)
    start = (TEMPLATES / "site" / "index.html").read_text("utf-8").replace("NOTEBOOK", settings.release.name)
    save(made / "index.html", start)
    # A student's browser keeps the notebook it has saved; by this version page.js knows that there is a newer one.
    about = json.dumps({"notebook": settings.release.name, "version": version, "kernelspec": usual})
    save(made / "page.js", (TEMPLATES / "site" / "page.js").read_text("utf-8").replace("ABOUT", about, 1))
    # JupyterLite's page asks for them and JupyterLite does not bring them: errors in a browser's console.
    (made / "static" / "favicons").mkdir(parents=True)
    for icon in ICONS:
        shutil.copyfile(made / "notebooks" / "favicon.ico", made / "static" / "favicons" / f"favicon-{icon}.ico")
    page = made / "notebooks" / "index.html"
    save(page, page.read_text("utf-8").replace("</head>", '<script type="module" src="../page.js"></script></head>'))


def put_notebook(made: Path, name: str, text: str) -> None:
    """Put the notebook where JupyterLite looks for files, with the listing that it reads for a folder."""
    save(made / "files" / name, text)
    now = datetime.now(UTC).isoformat()
    plain = {"created": now, "last_modified": now, "writable": True, "mimetype": None, "hash": None}
    file = plain | {"name": name, "path": name, "type": "notebook", "format": None, "content": None}
    folder = plain | {"name": "", "path": "", "type": "directory", "format": "json", "content": [file]}
    save(made / "api" / "contents" / "all.json", json.dumps(folder))


def put_model(name: str, target: Path) -> None:
    """Write a model in half precision. Raises UsageError when it has not been fetched."""
    try:
        source = weights.find(name)
        hparams, _ = weights.load(source)  # converts a checkpoint
        variables = tensorfile.read(source / weights.PARAMETERS)
    except weights.WeightsError as error:
        raise UsageError(str(error)) from None
    target.mkdir(parents=True)
    for file in folders.TEXT_FILES:
        shutil.copyfile(source / file, target / file)
    named = {variable: variables[variable] for variable in layout.shapes(hparams)}  # without masks
    tensorfile.write(target / weights.PARAMETERS, named, "F16")


def pack_kit(kit: Path, folder: Path, models: list[str]) -> Path:
    """The kit, its tiny model included, as a wheel whose name changes with its content: no cache keeps an old one."""
    files = sorted(path for path in kit.rglob("*") if path.is_file() and path.suffix != ".pyc")
    digest = hashlib.sha256(b"".join([*(path.read_bytes() for path in files), *(name.encode() for name in models)]))
    version = f"0.{int(digest.hexdigest()[:12], 16)}"
    wheel, about = folder / f"gptkit-{version}-py3-none-any.whl", f"gptkit-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(kit.parent))
        archive.writestr("gptkit/site.json", json.dumps({"models": models}))
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: gptkit\nVersion: {version}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return wheel


def copy_pyodide(source: Path, target: Path) -> None:
    """Copy a Pyodide without the packages that the assignment does not need: of 400 MB, 30 are left."""
    lock = json.loads((source / "pyodide-lock.json").read_text("utf-8"))
    kept = [*KERNEL, *NEEDED]
    for name in kept:  # which grows on the way, by what each of them depends on
        kept += [needed for one in lock["packages"][name]["depends"] if (needed := one.replace("_", "-")) not in kept]
    target.mkdir(parents=True)
    for name in [*CORE, *(lock["packages"][package]["file_name"] for package in kept)]:
        shutil.copyfile(source / name, target / name)
    lock["packages"] = {name: lock["packages"][name] for name in sorted(kept)}
    save(target / "pyodide-lock.json", json.dumps(lock))
