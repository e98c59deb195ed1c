"""Opening a model folder: nothing is copied, wrong files are refused in one line, a student's copy works alone."""

import contextlib
import errno
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import gptkit
import numpy as np
import pytest
from gptkit import weights
from gptkit.weights import WeightsError, layout, tensorfile
from hypothesis import given
from hypothesis import strategies as st

from tests.drawing import few
from tests.machine import Part, skip_without

HPARAMS = {"n_vocab": 300, "n_ctx": 16, "n_embd": 8, "n_head": 2, "n_layer": 2}


@pytest.fixture
def folder(tmp_path):
    """A small model folder with random parameters."""
    return make_folder(tmp_path / "small")


def make_folder(folder: Path, **changed) -> Path:
    rng = np.random.default_rng(0)
    variables = {n: rng.standard_normal(s, dtype=np.float32) for n, s in layout.shapes(HPARAMS).items()} | changed
    folder.mkdir(parents=True)
    tensorfile.write(folder / "model.safetensors", {n: v for n, v in variables.items() if v is not None})
    (folder / "hparams.json").write_text(json.dumps(HPARAMS))
    for name in ("encoder.json", "vocab.bpe"):
        shutil.copy(weights.EMBEDDED / name, folder)
    return folder


def test_parameters_are_nested_views_of_the_file(folder):
    hparams, params = weights.load(folder)
    assert hparams == HPARAMS
    assert set(params) == {"wte", "wpe", "blocks", "ln_f"} and len(params["blocks"]) == 2
    assert set(params["blocks"][1]) == {"attn", "ln_1", "ln_2", "mlp"}
    assert set(params["blocks"][1]["attn"]) == {"c_attn", "c_proj"} and set(params["ln_f"]) == {"g", "b"}
    flat = tensorfile.read(folder / "model.safetensors")
    np.testing.assert_array_equal(params["blocks"][1]["mlp"]["c_fc"]["w"], flat["model/h1/mlp/c_fc/w"])
    for array in flat.values():
        assert type(array) is np.ndarray and array.dtype == np.float32 and not array.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        params["wte"][0] = 1


def test_a_drive_without_maps_is_read(folder, monkeypatch):
    mapped = tensorfile.read(folder / "model.safetensors")

    def no_map(*_, **__):
        raise OSError(errno.ENODEV, "No such device")

    monkeypatch.setattr(tensorfile.mmap, "mmap", no_map)
    copied = tensorfile.read(folder / "model.safetensors")
    assert set(copied) == set(mapped)
    for name, array in copied.items():
        np.testing.assert_array_equal(array, mapped[name])
        assert not array.flags.writeable


def test_half_precision_is_read_as_float32(folder):
    whole = tensorfile.read(folder / "model.safetensors")
    tensorfile.write(folder / "half.safetensors", whole, "F16")
    for name, array in tensorfile.read(folder / "half.safetensors").items():
        assert array.dtype == np.float32
        np.testing.assert_array_equal(array, whole[name].astype(np.float16))
    sizes = [(folder / name).stat().st_size for name in ("half.safetensors", "model.safetensors")]
    assert sizes[0] < 0.6 * sizes[1]


def test_opening_copies_nothing(tmp_path):
    """Of 64 MB of parameters a fresh process reads what it looks at: not the rest, into its own memory or the system's.

    The milliseconds that this makes are measured by benchmarks/inference.py.
    """
    big = HPARAMS | {"n_embd": 512, "n_layer": 5}
    folder = tmp_path / "big"
    folder.mkdir()
    (folder / "hparams.json").write_text(json.dumps(big))
    variables = {name: np.zeros(shape, np.float32) for name, shape in layout.shapes(big).items()}
    tensorfile.write(folder / "model.safetensors", variables)
    code = """
import sys, psutil
from gptkit import weights
before = psutil.Process().memory_info().rss  # with the parts of mapped files that were looked at
params = weights.load(sys.argv[1])[1]
float(params["wte"][0, 0])
print((psutil.Process().memory_info().rss - before) / 1e6, "tensorflow" in sys.modules)
"""
    megabytes, tensorflow = subprocess.check_output([sys.executable, "-c", code, folder], text=True).split()
    assert float(megabytes) < 10
    assert tensorflow == "False"


def test_arrays_start_where_processors_like_it(folder):
    assert tensorfile.read(folder / "model.safetensors")["model/wte"].ctypes.data % tensorfile.ALIGN == 0


@given(st.dictionaries(st.text(min_size=1), st.lists(st.integers(0, 4), max_size=3), max_size=5))
@few(50)
def test_what_is_written_is_read_and_the_library_agrees(tmp_path_factory, shapes):
    shapes.pop("__metadata__", None)
    path = tmp_path_factory.mktemp("written") / "a.safetensors"
    arrays = {name: np.random.default_rng(1).random(shape, dtype=np.float32) for name, shape in shapes.items()}
    tensorfile.write(path, arrays)
    from safetensors.numpy import load_file

    for read in (tensorfile.read(path), load_file(path)):
        assert set(read) == set(arrays)
        assert all(np.array_equal(read[name], arrays[name]) for name in arrays)


@given(st.binary(max_size=200), st.integers(0, 400))
@few(200)
def test_a_damaged_file_is_refused_or_harmless(tmp_path_factory, junk, where):
    """Whatever stands in the file, the reader raises WeightsError or returns views inside the file."""
    path = tmp_path_factory.mktemp("damaged") / "a.safetensors"
    tensorfile.write(path, {"a": np.ones((3, 4), np.float32), "b": np.ones(5, np.float32)})
    data = bytearray(path.read_bytes())
    data[where : where + len(junk)] = junk
    path.write_bytes(data)
    with contextlib.suppress(WeightsError):
        sum(float(array.sum()) for array in tensorfile.read(path).values())


def header(entries, data=b"\0" * 16) -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + data


BAD_FILES = {
    "empty": b"",
    "short": b"\1\2",
    "header longer than the file": struct.pack("<Q", 1 << 60) + b"{}",
    "header is a list": header([1]),
    "entry is a number": header({"a": 1}),
    "unknown dtype": header({"a": {"dtype": "F8", "shape": [4], "data_offsets": [0, 16]}}),
    "negative offset": header({"a": {"dtype": "F32", "shape": [4], "data_offsets": [-16, 0]}}),
    "negative shape": header({"a": {"dtype": "F32", "shape": [-2, -2], "data_offsets": [0, 16]}}),
    "fractional shape": header({"a": {"dtype": "F32", "shape": [4.0], "data_offsets": [0, 16]}}),
    "too few bytes": header({"a": {"dtype": "F32", "shape": [5], "data_offsets": [0, 20]}}),
    "too many bytes": header({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}}),
    "size and shape differ": header({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 16]}}),
    "offsets missing": header({"a": {"dtype": "F32", "shape": [4]}}),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_refused_in_one_line(folder, kind):
    (folder / "model.safetensors").write_bytes(BAD_FILES[kind])
    with pytest.raises(WeightsError, match="is damaged") as caught:
        weights.load(folder)
    assert "\n" not in str(caught.value) and "fetch" in str(caught.value)


def test_a_missing_variable_or_wrong_shape_is_named(tmp_path):
    with pytest.raises(WeightsError, match="no variable model/h1/ln_1/g"):
        weights.load(make_folder(tmp_path / "missing", **{"model/h1/ln_1/g": None}))
    with pytest.raises(WeightsError, match=r"model/wpe is float32 \[16, 9\].*asks for float32 \[16, 8\]"):
        weights.load(make_folder(tmp_path / "shape", **{"model/wpe": np.zeros((16, 9), np.float32)}))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "{", '"text"', json.dumps(HPARAMS | {"n_head": 3}), json.dumps(HPARAMS | {"n_layer": 0})]
    + [json.dumps(HPARAMS | {"n_ctx": value}) for value in ("16", 16.0, None, True)],
)
def test_impossible_hyper_parameters_are_refused(folder, text):
    (folder / "hparams.json").write_text(text)
    with pytest.raises(WeightsError, match=r"hparams\.json"):
        weights.load(folder)


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(WeightsError, match="not a model folder"):
        weights.load(tmp_path / "nothing")
    shutil.copy(weights.EMBEDDED / "hparams.json", tmp_path)
    with pytest.raises(WeightsError, match="no file"):
        weights.load(tmp_path)


def test_a_write_that_fails_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    path.write_bytes(b"the old one")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        tensorfile.write(path, {"a": np.ones(3, np.float32)})
    assert [file.name for file in tmp_path.iterdir()] == ["a.safetensors"] and path.read_bytes() == b"the old one"


def test_find_prefers_124m_then_tiny(tmp_path, monkeypatch):
    monkeypatch.setenv("GPT2_MODELS_DIR", str(tmp_path))
    assert weights.find() == weights.EMBEDDED == weights.find("tiny")
    tiny = make_folder(tmp_path / "tiny")
    assert weights.find() == tiny == weights.find("tiny")
    real = make_folder(tmp_path / "124M")
    assert weights.find() == real == weights.find("124M")
    for missing in ("vocab.bpe", "encoder.json", "hparams.json", "model.safetensors"):
        (real / missing).rename(tmp_path / "aside")
        assert weights.find() == tiny, missing
        (tmp_path / "aside").rename(real / missing)
    with pytest.raises(WeightsError, match="python -m gptkit fetch 355M"):
        weights.find("355M")


def make_kit(folder: Path) -> Path:
    """A student's copy, away from the repository, that everybody may read."""
    kit = Path(weights.__file__).parents[1]
    shutil.copytree(kit, folder / "gptkit", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    return folder


def load_as_a_student(folder: Path, name: str | None, user: int | None = None, **environment) -> tuple[int, str, str]:
    """Exit code, name of the model, and what stands on stderr, of `gptkit.load(name)` in a fresh process."""
    drop = (
        f"import os; os.setgroups([]); os.setgid({user}); os.setuid({user}); os.environ.pop('HOME')\n" if user else ""
    )
    # the modules come first: the interpreter's own folder may be closed to the user
    imports = "import gptkit, gptkit.notebook.feedback, gptkit.weights.checkpoint, gptkit.engine.tokenizer"
    code = f"{imports}\n{drop}print(gptkit.load({name!r}).name)"
    clean = {
        k: v
        for k, v in os.environ.items()
        if k not in ("GPT2_MODELS_DIR", "PYTHONPATH", "PYTHONSAFEPATH", "XDG_CACHE_HOME")
    }
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=clean | environment, capture_output=True, text=True
    )
    return done.returncode, done.stdout.strip(), done.stderr


DAMAGES = {
    "empty": lambda real: (real / "model.safetensors").write_bytes(b""),
    "no hyper-parameters": lambda real: (real / "hparams.json").write_text("{}"),
    "no vocabulary": lambda real: (real / "encoder.json").write_text("<html>"),
    "a vocabulary of lists": lambda real: (real / "encoder.json").write_text('{"a": [1]}'),
    "no merges": lambda real: (real / "vocab.bpe").write_bytes(b"\xff\xfe"),
    "a folder loop": lambda real: ((real / "vocab.bpe").unlink(), (real / "vocab.bpe").symlink_to("vocab.bpe")),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_default_model_is_replaced_by_the_built_in_one(tmp_path, monkeypatch, capsys, damage):
    """A line says why; asked for by name, it is an error that says what to do."""
    monkeypatch.setenv("GPT2_MODELS_DIR", str(tmp_path))
    DAMAGES[damage](make_folder(tmp_path / "124M"))
    assert gptkit.load().name == "tiny"
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and str(tmp_path / "124M") in line and "the built-in model is used" in line
    with pytest.raises(WeightsError, match="124M"):
        gptkit.load("124M")
    assert gptkit.load("tiny").name == "tiny" and capsys.readouterr().err == ""


@pytest.fixture
def open_folder():
    """A folder that other users can enter, as pytest's own cannot be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if os.geteuid() == 0 and not all(parent.stat().st_mode & 0o001 for parent in folder.parents):
            skip_without(Part.USERS)
        yield folder


def test_the_built_in_model_needs_no_models_folder(open_folder):
    folder = make_kit(open_folder / "gpt2")
    (open_folder / "root's").mkdir(mode=0o700)
    for environment, user, words in (
        ({"GPT2_MODELS_DIR": "~nosuchuser/models"}, None, "GPT2_MODELS_DIR is ~nosuchuser/models"),
        ({"GPT2_MODELS_DIR": "x" * 300}, None, "File name too long"),
        ({}, 64321, "You have no home folder"),
        ({"XDG_CACHE_HOME": str(open_folder / "root's")}, 64321, "Permission denied"),
    ):
        if user and os.geteuid() != 0:
            continue  # only root can become somebody without a home
        code, name, error = load_as_a_student(folder, None, user, **environment)
        assert (code, name) == (0, "tiny"), error
        assert words in error and error.count("\n") == 1
        assert load_as_a_student(folder, "tiny", user, **environment) == (0, "tiny", "")
        code, _, error = load_as_a_student(folder, "124M", user, **environment)
        assert code == 1 and words in error.splitlines()[-1] and "WeightsError" in error


def test_models_lie_in_the_repository_or_the_cache(tmp_path):
    """The kit copied away from the repository uses the user's cache folder, and falls back on its own tiny model."""
    kit = Path(weights.__file__).parents[1]
    for folder, expected in ((tmp_path / "a repository" / "source" / "gpt2", "models"), (tmp_path / "gpt2", None)):
        shutil.copytree(kit, folder / "gptkit", ignore=shutil.ignore_patterns("__pycache__"))
        if expected:
            marker = folder.parents[1] / "models" / "tiny" / "train.py"
            marker.parent.mkdir(parents=True)
            marker.touch()
        environment = {k: v for k, v in os.environ.items() if k not in ("GPT2_MODELS_DIR", "PYTHONPATH")}
        environment |= {"HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        code = (
            "from gptkit import weights; print(weights.models_dir()); print(weights.load(weights.find())[0]['n_ctx'])"
        )
        command = [sys.executable, "-c", code]
        where, n_ctx = subprocess.check_output(command, cwd=folder, env=environment, text=True).splitlines()
        assert n_ctx == "128"
        if expected:
            assert Path(where) == folder.parents[1] / "models"
        elif sys.platform == "linux":
            assert Path(where) == tmp_path / "cache" / "gpt2-models"


def test_names_and_shapes_are_those_of_the_real_checkpoint(real_data):
    shapes = layout.shapes(layout.load_hparams(real_data))
    found = tensorfile.read(real_data / "slice.safetensors")
    assert len(found) == 107 and all(shapes[name] == array.shape for name, array in found.items())
