"""Fixtures that several test files share: a random model, and the folder of real figures."""

import os

# Tests name their seed, so that the same submission gets the same score in each run; a course draws its own.
os.environ["AUTOGRADER_SEED"] = "0"

from pathlib import Path

import numpy as np
import pytest


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
def real_data() -> Path:
    """The folder of OpenAI's real files and observed figures."""
    folder = os.environ.get("GPT2_REAL_DATA")
    if not folder:
        pytest.skip("GPT2_REAL_DATA is unset: no real GPT-2 figures on this machine")
    return Path(folder)
