"""Traps for a grader's own process: files that Python, pytest or a tool runs or believes because of where they lie."""

from __future__ import annotations

from pathlib import Path

SPRUNG = "open({mark!r}, 'a').write(__file__ + '\\n')\n"
# Modules that the grader, NumPy or a worker process imports: a folder on the path before theirs would replace them.
MODULES = """
numpy json random socket pickle tempfile struct copyreg pkgutil logging secrets decimal tqdm regex requests matplotlib
nbgrader nbformat gptkit picoGPT sitecustomize usercustomize conftest setup evil multiprocessing subprocess argparse
candidate test_evil evil_test nbgrader_config jupyter_config ipython_config noxfile build encodings_evil antigravity
""".split()  # noqa: SIM905
PACKAGES = ("gptkit", "picoGPT", "numpy", "autograder_evil")
PYTEST_INI = "[pytest]\naddopts = -p evil\npythonpath = .\npython_files = *.py\n"
CONFIGURATION = {
    "pytest.ini": PYTEST_INI,
    ".pytest.ini": PYTEST_INI,
    "tox.ini": PYTEST_INI,
    "setup.cfg": PYTEST_INI.replace("[pytest]", "[tool:pytest]"),
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p evil"\npythonpath = ["."]\n',
    "pytest.toml": '[pytest]\naddopts = ["-p", "evil"]\npythonpath = ["."]\n',
    ".env": "PYTHONSTARTUP=evil.py\nPYTHONPATH=.\nAUTOGRADER_SEED=known\nPYTEST_ADDOPTS=-p evil\n",
    "evil.pth": "import evil\n",
    "pyvenv.cfg": "home = .\n",
    "Makefile": "all test demo release:\n\ttouch {mark}\n",
    ".ci/run": "#!/bin/sh\ntouch {mark}\n",
    "matplotlibrc": "text.usetex: True\nbackend: module://evil\nfont.family: evil\n",
    "nbgrader_config.json": '{{"NbGrader": {{"logfile": "{mark}"}}, "CourseDirectory": {{"root": "/nowhere"}}}}',
    "alembic.ini": "[alembic]\nscript_location = .\n",
    "dask.yaml": "distributed:\n  worker:\n    preload: [evil]\n",
    ".netrc": "default login a password b\n",
    ".autograder-seed": "known\n",
    ".verdicts/0.json": "{{}}",
}


def lay_traps(folder: Path, mark: Path) -> None:
    """Write all of them into a folder. What is run writes its path to `mark`."""
    code = SPRUNG.format(mark=str(mark))
    files = {f"{name}.py": code for name in MODULES} | {f"{name}/__init__.py": code for name in PACKAGES}
    files |= {name: text.format(mark=mark) for name, text in CONFIGURATION.items()}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "alembic").write_text(f"#!/bin/sh\ntouch {mark}\n")
    (folder / "alembic").chmod(0o755)
