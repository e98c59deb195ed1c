"""The round trip in 124M's full size, with random parameters: fetched from both sources, opened in an instant.

Writes about 2.5 GB to the temporary folder.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gptkit import weights
from gptkit.weights import checkpoint, download, fetch, layout, published, tensorfile

from tests.gptkit.weights import misbehaving as ways

pytestmark = pytest.mark.soak
REAL = published.MODELS["124M"]
HF = f"{REAL.repository}/resolve/{REAL.revision}"


def train_module():
    """models/tiny/train.py, which knows how to write TensorFlow's checkpoint."""
    path = Path(__file__).parents[3] / "models" / "tiny" / "train.py"
    spec = importlib.util.spec_from_file_location("train_tiny", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """A random model of 124M's shapes, as both publishers would offer it."""
    shop = tmp_path_factory.mktemp("shop")
    openai, theirs = shop / "124M", shop / HF
    openai.mkdir()
    theirs.mkdir(parents=True)
    rng = np.random.default_rng(0)
    shapes = layout.shapes(REAL.hparams)
    variables = {
        name: rng.standard_normal(shape, dtype=np.float32) * np.float32(0.02) for name, shape in shapes.items()
    }
    train_module().save(variables, openai)
    mask = np.tril(np.ones((1, 1, 1024, 1024), np.float32))
    masks = {f"h.{i}.attn.bias": mask for i in range(12)}
    named = {checkpoint.huggingface_name(name): array for name, array in variables.items()}
    tensorfile.write(theirs / "model.safetensors", named | masks)

    bytewise = list(json.loads((weights.EMBEDDED / "encoder.json").read_text()))[:256]
    merges = [(a, b) for a in bytewise for b in bytewise][:50_000]
    words = [*bytewise, *(a + b for a, b in merges), "<|endoftext|>"]
    for name in (openai / "encoder.json", theirs / "vocab.json"):
        name.write_text(json.dumps({word: i for i, word in enumerate(words)}))
    for name in (openai / "vocab.bpe", theirs / "merges.txt"):
        name.write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in merges) + "\n", encoding="utf-8")
    (openai / "hparams.json").write_text(json.dumps(REAL.hparams))
    config = {name: value for name, value in REAL.hparams.items() if name != "n_vocab"}
    (theirs / "config.json").write_text(json.dumps(config | {"vocab_size": REAL.n_vocab}))
    return shop


@pytest.fixture
def server(shop, monkeypatch):
    sizes = {"model.ckpt.data-00000-of-00001": (4 * REAL.n_params, None)}  # as published
    sizes[published.HF_PARAMETERS] = ((shop / HF / "model.safetensors").stat().st_size, None)
    model = published.Published(**{**vars(REAL), "files": sizes, "figures": (), "continuation": None})
    monkeypatch.setitem(published.MODELS, "124M", model)
    monkeypatch.setattr(download, "PAUSE", 0.01)
    with ways.serving(shop) as server:
        monkeypatch.setenv("GPT2_MIRROR", server.url)
        yield server


def test_full_size_from_both_sources(server, tmp_path, monkeypatch):
    made = {}
    for source, path in (
        ("openai", "/124M/model.ckpt.data-00000-of-00001"),
        ("huggingface", f"/{HF}/model.safetensors"),
    ):
        monkeypatch.setenv("GPT2_MODELS_DIR", str(tmp_path / source))
        server.ways[path] = [ways.breaks_off, ways.breaks_off]
        made[source] = fetch.fetch("124M", source) / "model.safetensors"
        starts = [span for there, span in server.seen if there == path]
        assert len(starts) == 3 and starts[0] is None and starts[1] and starts[2]
    assert published.sha256(made["openai"]) == published.sha256(made["huggingface"])
    assert_opens_in_an_instant(made["openai"].parent)
    shutil.rmtree(tmp_path)


def assert_opens_in_an_instant(folder: Path):
    """In a fresh process, after `import numpy`: at most 0.1 s and 50 MB of private memory, without TensorFlow."""
    code = """
import sys, time, numpy, psutil
process = psutil.Process()
before, start = process.memory_full_info().uss, time.perf_counter()
from gptkit import weights
hparams, params = weights.load(sys.argv[1])
float(params["wte"][50256].sum()) + float(params["blocks"][11]["mlp"]["c_proj"]["w"][0].sum())
print(time.perf_counter() - start, (process.memory_full_info().uss - before) / 1e6, "tensorflow" in sys.modules)
"""
    runs = [subprocess.check_output([sys.executable, "-c", code, folder], text=True).split() for _ in range(3)]
    print("seconds, MB:", [run[:2] for run in runs])
    assert min(float(run[0]) for run in runs) < 0.1
    assert max(float(run[1]) for run in runs) < 50
    assert all(run[2] == "False" for run in runs)
