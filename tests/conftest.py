"""What all tests share: an environment of their own, how much is drawn, what the machine lacks, a random model."""

import os
import subprocess
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from playwright.sync_api import sync_playwright

from tests.machine import CHROMIUM, Lacking, Part, closing_lines, program, skip_without

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
AXE = "axe-core-4.10.3"
FLAGS += ["--disable-component-update", "--disable-sync"]

# What grades or configures a course on this machine is none of the tests' business.
for name in list(os.environ):
    if name.startswith("AUTOGRADER_") or name in ("GRADEBOOK_URL", "GPT2_MODELS_DIR", "JUPYTER_CONFIG_PATH"):
        del os.environ[name]
# They name their seed, so that the same submission gets the same score in each run; a course draws its own.
os.environ["AUTOGRADER_SEED"] = "0"
own_configuration = tempfile.TemporaryDirectory(prefix="jupyter-")
os.environ["JUPYTER_CONFIG_DIR"] = own_configuration.name

# `make test` draws the same examples each time; `--hypothesis-profile=fresh` (make soak) new ones, and many more. What
# that finds is written down beside its test as an @example.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("fresh", max_examples=2_000, deadline=None, print_blob=True)
settings.load_profile("same")

LONG = {"doors", "nbgrader", "browser", "test_docs.py", "test_new_exercise.py"}  # folders and files


def pytest_collection_modifyitems(items):
    """What takes minutes comes first: of two workers none is left alone with it at the end."""
    items.sort(key=lambda item: LONG.isdisjoint(item.path.parts))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Note in a skipped test's report which part was lacking (workers of xdist send their reports with it)."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        why = call.excinfo and call.excinfo.value
        report.lacks = why.part.name if isinstance(why, Lacking) else ""
    return report


def pytest_terminal_summary(terminalreporter):
    lacks = Counter(getattr(report, "lacks", "") for report in terminalreporter.stats.get("skipped", []))
    for line in closing_lines(lacks):
        terminalreporter.write_line(line)


def make_random_params(hparams: dict, seed: int = 0) -> dict:
    """Parameters as `weights.load` nests them, random and large enough for attention to have something to choose."""
    rng, n = np.random.default_rng(seed), hparams["n_embd"]

    def linear(n_in, n_out):
        return {"w": normal(n_in, n_out) / np.float32(n_in**0.5), "b": normal(n_out) * np.float32(0.1)}

    def norm():
        return {"g": 1 + normal(n) * np.float32(0.2), "b": normal(n) * np.float32(0.1)}

    def normal(*shape):
        return rng.standard_normal(shape, dtype=np.float32)

    def block():
        attn = {"c_attn": linear(n, 3 * n), "c_proj": linear(n, n)}
        mlp = {"c_fc": linear(n, 4 * n), "c_proj": linear(4 * n, n)}
        return {"attn": attn, "ln_1": norm(), "ln_2": norm(), "mlp": mlp}

    return {
        "wte": normal(hparams["n_vocab"], n) * np.float32(0.1),
        "wpe": normal(hparams["n_ctx"], n) * np.float32(0.5),
        "blocks": [block() for _ in range(hparams["n_layer"])],
        "ln_f": norm(),
    }


@pytest.fixture(scope="session", autouse=True)
def logging_stays_open():
    """Keeps nbgrader's set-up of logging from closing pytest's capture.

    It shuts all handlers down first, and the one that TensorFlow brings (absl's) then closes the stderr it was made on.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("logging.shutdown", lambda *_: None)
        yield


@pytest.fixture(scope="session")
def random_params():
    """The function that makes random parameters for hyper-parameters."""
    return make_random_params


@pytest.fixture(scope="session")
def random_model() -> tuple[dict, dict]:
    """(hparams, params) of a small GPT-2 with random parameters."""
    hparams = {"n_vocab": 311, "n_ctx": 64, "n_embd": 48, "n_head": 4, "n_layer": 3}
    return hparams, make_random_params(hparams)


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """A headless browser; one for all tests, because a process can have one Playwright only."""
    chromium = program(Part.CHROMIUM, *CHROMIUM)
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe(request) -> Callable:
    """axe(page) -> what axe-core finds against WCAG and good practice on an opened page, a line for each element."""
    npm, cache = program(Part.AXE, "npm"), Path(request.config.cache.mkdir("axe"))
    packed = cache / f"{AXE}.tgz"
    if not packed.exists():
        command = [npm, "pack", AXE.replace("-4", "@4"), "--pack-destination", cache]
        if subprocess.run(command, cwd=cache, capture_output=True, timeout=60).returncode:
            skip_without(Part.AXE, "the registry was not reached")
    with tarfile.open(packed) as package:
        code = package.extractfile("package/axe.min.js").read().decode()

    def look(page) -> list[str]:
        page.evaluate(code)
        found = page.evaluate("axe.run()")["violations"]
        return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]

    return look


@pytest.fixture(scope="session")
def keep(tmp_path_factory):
    """keep(page or locator, name): its picture, in the folder SCREENSHOTS names (docs/images) or a temporary one."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))

    def save(what, name: str) -> None:
        what.screenshot(path=folder / f"{name}.png")

    return save


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of OpenAI's real files and observed figures."""
    folder = os.environ.get("GPT2_REAL_DATA")
    if not folder:
        skip_without(Part.REAL_DATA)
    return Path(folder)
