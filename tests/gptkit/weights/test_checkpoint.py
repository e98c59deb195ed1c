"""A TensorFlow checkpoint becomes model.safetensors bit for bit, and a damaged one becomes nothing."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gptkit import weights
from gptkit.weights import WeightsError, checkpoint, layout, tensorfile

TINY = Path(__file__).parents[3] / "models" / "tiny"


@pytest.fixture
def folder(tmp_path):
    """A copy of models/tiny without the converted file."""
    return shutil.copytree(TINY, tmp_path / "tiny", ignore=shutil.ignore_patterns("model.safetensors", "__pycache__"))


def test_the_converted_file_holds_the_checkpoint(folder):
    hparams, params = weights.load(folder)  # converts
    assert (folder / "model.safetensors").read_bytes() == (TINY / "model.safetensors").read_bytes()
    raw = checkpoint.read(folder / "model.ckpt", list(layout.shapes(hparams)))
    converted = tensorfile.read(folder / "model.safetensors")
    assert set(raw) == set(converted) == set(layout.shapes(hparams))
    for name, array in raw.items():
        assert array.dtype == np.float32 and array.tobytes() == converted[name].tobytes(), name
    assert params["blocks"][0]["attn"]["c_attn"]["w"].shape == (hparams["n_embd"], 3 * hparams["n_embd"])


def test_the_checkpoint_is_laid_out_as_openai_lays_out_theirs():
    from tensorflow.train import latest_checkpoint, load_checkpoint

    assert Path(latest_checkpoint(str(TINY))) == TINY / "model.ckpt"
    hparams = layout.load_hparams(TINY)
    found = load_checkpoint(str(TINY / "model.ckpt")).get_variable_to_shape_map()
    shapes = layout.shapes(hparams)
    assert found == {n: [1, *s] if n.endswith("/w") else list(s) for n, s in shapes.items()}


@pytest.mark.parametrize("damage", ["altered", "truncated", "index", "no data"])
def test_a_damaged_checkpoint_is_refused_and_leaves_no_file(folder, damage):
    data, index = folder / "model.ckpt.data-00000-of-00001", folder / "model.ckpt.index"
    content = bytearray(data.read_bytes())
    if damage == "altered":
        content[1_000_000] ^= 1
        data.write_bytes(content)
    elif damage == "truncated":
        data.write_bytes(content[:-100_000])
    elif damage == "index":
        index.write_bytes(index.read_bytes()[:900])
    else:
        data.unlink()
    before = {file.name for file in folder.iterdir()}
    with pytest.raises(WeightsError, match="cannot be read") as caught:
        weights.load(folder)
    assert "\n" not in str(caught.value)
    assert {file.name for file in folder.iterdir()} == before


def test_hyper_parameters_of_another_model_are_refused(folder):
    hparams = json.loads((folder / "hparams.json").read_text())
    for change, words in (({"n_layer": 5}, "no variable model/h4/"), ({"n_ctx": 64}, "model/wpe is float32")):
        (folder / "hparams.json").write_text(json.dumps(hparams | change))
        with pytest.raises(WeightsError, match=words):
            weights.load(folder)


def test_a_folder_that_cannot_be_written_to_gets_one_line(folder, monkeypatch):
    def read_only(path, arrays):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(tensorfile, "write", read_only)
    with pytest.raises(WeightsError, match=r"Read-only file system.*GPT2_MODELS_DIR"):
        weights.load(folder)


def test_without_tensorflow_the_way_out_is_named(folder):
    code = f"""
import sys; sys.modules["tensorflow"] = None
from pathlib import Path
from gptkit.weights import checkpoint
try:
    checkpoint.convert(Path({str(folder)!r}))
except checkpoint.WeightsError as why:
    print(why)
"""
    assert "--source huggingface" in subprocess.check_output([sys.executable, "-c", code], text=True)


def test_the_model_opens_without_tensorflow_and_without_ipython():
    code = "import sys; sys.modules['IPython'] = None  # as if it were not installed\n"
    code += "import gptkit; gptkit.load('tiny').complete('The', 2); print('tensorflow' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"
