"""Fetching from servers that misbehave: the right parameters in the end, or one clear line and no half-made file."""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gptkit import weights
from gptkit.__main__ import main
from gptkit.engine.model import GPT2
from gptkit.engine.tokenizer import Tokenizer
from gptkit.weights import WeightsError, checkpoint, download, fetch, layout, published, tensorfile, verify

from tests.gptkit.weights import misbehaving as ways
from tests.machine import Part, program, skip_without

TINY = Path(__file__).parents[3] / "models" / "tiny"
OPENAI_FILES = ("hparams.json", "encoder.json", "vocab.bpe", *published.CHECKPOINT)
HF = "some/where/resolve/main"
DATA = "/fake/model.ckpt.data-00000-of-00001"  # OpenAI's parameters, as the server names them
PARAMETERS = f"/{HF}/model.safetensors"  # Hugging Face's


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """The tiny model as both publishers would offer it."""
    shop = tmp_path_factory.mktemp("shop")
    (shop / "fake").mkdir()
    for name in OPENAI_FILES:
        shutil.copy(TINY / name, shop / "fake")
    folder = shop / HF
    folder.mkdir(parents=True)
    shutil.copy(TINY / "encoder.json", folder / "vocab.json")
    shutil.copy(TINY / "vocab.bpe", folder / "merges.txt")
    hparams, variables = layout.load_hparams(TINY), tensorfile.read(TINY / "model.safetensors")
    config = {"vocab_size": hparams["n_vocab"], "model_type": "gpt2"} | hparams
    del config["n_vocab"]
    (folder / "config.json").write_text(json.dumps(config))
    theirs = {checkpoint.huggingface_name(name): array for name, array in sorted(variables.items())}
    mask = np.tril(np.ones((1, 1, hparams["n_ctx"], hparams["n_ctx"]), np.float32))
    tensorfile.write(folder / "model.safetensors", theirs | {f"h.{i}.attn.bias": mask for i in range(4)})
    return shop


@pytest.fixture(scope="module")
def offered(shop) -> published.Published:
    """What is published of it."""
    here = {name: shop / "fake" / name for name in OPENAI_FILES} | {
        published.HF_PARAMETERS: shop / HF / "model.safetensors"
    }
    files = {name: (path.stat().st_size, published.sha256(path)) for name, path in here.items()}
    return published.Published(**layout.load_hparams(TINY), repository="some/where", files=files)


@pytest.fixture
def server(shop, offered, tmp_path, monkeypatch):
    """A mirror that has the model "fake", and an empty models folder."""
    monkeypatch.setitem(published.MODELS, "fake", offered)
    monkeypatch.setattr(download, "PAUSE", 0.001)
    monkeypatch.setattr(download, "TIMEOUT", (1, 0.3))
    monkeypatch.setenv("GPT2_MODELS_DIR", str(tmp_path / "models"))
    with ways.serving(shop) as server:
        monkeypatch.setenv("GPT2_MIRROR", server.url + "/")
        yield server


@pytest.fixture
def models(tmp_path) -> Path:
    return tmp_path / "models"


def refused(capsys, *argv) -> str:
    """The one line with which a command fails."""
    assert main([*argv]) == 1
    lines = [line for line in capsys.readouterr().err.split("\n") if line.startswith("python -m gptkit")]
    assert len(lines) == 1
    return lines[0]


def assert_fetched(folder: Path):
    """The folder holds the tiny model's parameters, its tokenizer, and nothing that is left over."""
    assert (folder / "model.safetensors").read_bytes() == (TINY / "model.safetensors").read_bytes()
    assert weights.load(folder)[0] == layout.load_hparams(TINY)
    assert Tokenizer.from_folder(folder).encode("Romeo") == Tokenizer.from_folder(TINY).encode("Romeo")
    assert [f.name for f in folder.parent.iterdir()] == [folder.name]


def assert_nothing_half_made(models: Path):
    assert not (models / "fake").exists()
    assert not list(models.rglob(".*safetensors*"))  # nor a temporary file


def test_both_sources_give_the_same_parameters_and_names(server, models):
    folder = fetch.fetch("fake", "huggingface")
    assert_fetched(folder)
    assert {f.name for f in folder.iterdir()} == {"model.safetensors", "hparams.json", "encoder.json", "vocab.bpe"}
    shutil.rmtree(folder)
    assert fetch.fetch("fake", "openai") == folder
    assert_fetched(folder)
    assert {f.name for f in folder.iterdir()} == {"model.safetensors", *OPENAI_FILES}


def test_what_is_there_is_not_fetched_again(server, models, capsys):
    assert main(["fetch", "fake", "--source", "huggingface"]) == 0
    assert f"fake is ready in {models / 'fake'}" in capsys.readouterr().out
    server.seen.clear()
    assert main(["fetch", "fake", "--source", "huggingface"]) == 0
    assert server.seen == []


def test_a_shared_folder_of_either_source_is_enough(server, models, monkeypatch):
    """Nothing is written, not even a lock: on a shared machine the folder belongs to somebody else."""
    fetch.fetch("fake", "huggingface")
    server.seen.clear()
    monkeypatch.setattr(fetch, "exclusive", None)
    assert fetch.fetch("fake") == models / "fake" and server.seen == []


def test_only_what_is_missing_or_wrong_is_fetched_again(server, models):
    folder = fetch.fetch("fake", "openai")
    server.seen.clear()
    (folder / "vocab.bpe").unlink()
    (folder / "encoder.json").write_text("{}")
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-4])
    (folder / "notes.txt").write_text("the user's own")
    fetch.fetch("fake", "openai")
    assert {path for path, _ in server.seen} == {"/fake/encoder.json", "/fake/vocab.bpe"}
    assert (folder / "notes.txt").read_text() == "the user's own"
    assert_fetched(folder)


@pytest.mark.parametrize(
    "misbehaviour",
    [
        [ways.breaks_off],
        [ways.breaks_off] * 8,
        [ways.stalls],
        [ways.breaks_off, ways.ignores_ranges],
        [ways.breaks_off, ways.status(416)],
        [ways.breaks_off, ways.wrong_range],
        [ways.tells_too_much],
        [ways.tells_nothing],
        [ways.tells_nothing_and_breaks_off],
        [ways.status(503), ways.status(429), ways.status(500)],
        [ways.hangs_up],
        [ways.breaks_off, ways.altered],
        [ways.packed],
        [ways.breaks_off, ways.packed],
        [ways.packed_badly],
    ],
    ids=lambda names: " then ".join(way.__name__ for way in names[:3]),
)
def test_a_server_that_recovers_is_survived(server, models, offered, monkeypatch, misbehaviour, request):
    if ways.tells_too_much in misbehaviour:  # else it is refused at once, see below
        without_sizes = {name: (None, sha256) for name, (_, sha256) in offered.files.items()}
        monkeypatch.setitem(published.MODELS, "fake", replace(offered, files=without_sizes))
    server.ways[PARAMETERS] = list(misbehaviour)
    assert_fetched(fetch.fetch("fake", "huggingface"))


def test_a_broken_download_goes_on_where_it_stopped(server, models, capsys):
    server.ways[PARAMETERS] = [ways.breaks_off] + [ways.hangs_up] * download.TRIES
    assert "the connection broke off" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert_nothing_half_made(models)
    part = models / ".fake.huggingface" / "huggingface.safetensors.part"
    arrived = part.stat().st_size
    assert arrived > 1_000_000
    server.seen.clear()
    server.ways.clear()
    assert_fetched(fetch.fetch("fake", "huggingface"))
    assert server.seen == [(PARAMETERS, f"bytes={arrived}-")]


def test_a_download_that_was_complete_but_not_moved_is_taken(server, models, shop):
    (models / ".fake.huggingface").mkdir(parents=True)
    shutil.copy(shop / HF / "model.safetensors", models / ".fake.huggingface" / "huggingface.safetensors.part")
    assert_fetched(fetch.fetch("fake", "huggingface"))
    assert PARAMETERS not in [path for path, _ in server.seen]


def test_the_source_may_change_midway(server, models):
    for first, path, second in (("openai", DATA, "huggingface"), ("huggingface", PARAMETERS, "openai")):
        server.ways[path] = [ways.breaks_off, ways.status(404)]
        with pytest.raises(WeightsError, match="404"):
            fetch.fetch("fake", first)
        assert_fetched(fetch.fetch("fake", second))
        assert not list((models / "fake").glob("*.part"))
        shutil.rmtree(models / "fake")


def test_remains_of_something_else_do_no_harm(server, models):
    (models / ".fake.huggingface").mkdir(parents=True)
    (models / ".fake.huggingface" / "huggingface.safetensors.part").write_bytes(b"something else" * 1000)
    assert_fetched(fetch.fetch("fake", "huggingface"))


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (ways.altered, "not the published file .its SHA-256"),
        (ways.truncated, "not the published file .* bytes, not"),
        (ways.login_page, "a web page of 127.0.0.1 comes instead. Does this network want you to log in"),
        (ways.login_page_elsewhere, "a web page of localhost comes instead"),
        (ways.wants_login, "511 .* Does this network want you to log in"),
        (ways.never_ends, "not the published file"),
        (ways.packed_badly, "what arrives cannot be unpacked"),
        (ways.tells_too_much, "not the published file"),
        (ways.tells_too_little, "not the published file"),
        (ways.status(404), "the server answers 404"),
        (ways.status(403), "the server answers 403"),
        (ways.status(503), "the server answers 503"),
        (ways.stalls, "no answer in time"),
        (ways.hangs_up, "the connection broke off"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_server_that_stays_wrong_is_refused(server, models, capsys, way, words):
    server.ways[PARAMETERS] = [way] * 20
    line = refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert re.search(words, line) and PARAMETERS in line
    assert_nothing_half_made(models)
    server.ways.clear()
    assert_fetched(fetch.fetch("fake", "huggingface"))


def test_a_server_whose_bytes_never_fit_does_not_keep_us_for_ever(server, models, capsys):
    server.ways[PARAMETERS] = [ways.breaks_off, ways.altered] * 50
    assert "not the published file" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert len(server.seen) < 20


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("model.safetensors", lambda there: there[:-1000], "does not fit in it"),
        ("model.safetensors", lambda there: b"", "it is empty"),
        ("vocab.json", lambda there: there[:-1000], "it is not a JSON object"),
        ("vocab.json", lambda there: b"[" * 100_000, "it is not a JSON object"),
        ("vocab.json", lambda there: b"{}", "it is not a vocabulary of 1,280 tokens"),
        ("vocab.json", lambda there: there.replace(b": 0,", b': "0",'), "it is not a vocabulary"),
        ("merges.txt", lambda there: there[:-1000], "it is not a list of 1,023 merges"),
        ("merges.txt", lambda there: there + b"\xff", "it is not a list"),
        ("config.json", lambda there: b"", "it is empty"),
        ("config.json", lambda there: b"[1]", "it is not a JSON object"),
        ("config.json", lambda there: b"{}", "its hyper-parameters are"),
        ("config.json", lambda there: there.replace(b"4", b"5"), "its hyper-parameters are"),
    ],
)
def test_a_file_without_a_known_hash_is_checked_on_arrival(
    server, models, offered, monkeypatch, capsys, path, content, words
):
    """As for the larger models: what it holds must be what its name says, and no other file pays for it."""
    monkeypatch.setitem(published.MODELS, "fake", replace(offered, files={}))
    right = server.files[f"/{HF}/{path}"]
    server.files[f"/{HF}/{path}"] = content(right)
    line = refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert words in line and f"/{HF}/{path} is not the published file" in line
    assert_nothing_half_made(models)
    arrived = [p for p, _ in server.seen if not p.endswith(path)]
    server.files[f"/{HF}/{path}"] = right
    server.seen.clear()
    assert_fetched(fetch.fetch("fake", "huggingface"))
    assert not set(arrived) & {p for p, _ in server.seen}


@pytest.mark.parametrize("path", ["config.json", "vocab.json", "merges.txt", "model.safetensors"])
def test_a_login_page_is_kept_as_no_file(server, models, offered, monkeypatch, capsys, path):
    """A page of a campus that answers 200 to everything, for a file without a hash."""
    monkeypatch.setitem(published.MODELS, "fake", replace(offered, files={}))
    server.ways[f"/{HF}/{path}"] = [ways.login_page]
    assert "want you to log in" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert not any(b"<html>" in file.read_bytes() for file in models.rglob("*") if file.is_file())
    (models / ".fake.huggingface" / "config.json").write_text("<html>kept by an earlier version</html>")
    assert_fetched(fetch.fetch("fake", "huggingface"))


def test_files_that_do_not_belong_together_are_fetched_again_without_the_parameters(
    server, models, offered, monkeypatch, capsys
):
    monkeypatch.setitem(published.MODELS, "fake", replace(offered, files={}))
    right = server.files[f"/{HF}/merges.txt"]
    server.files[f"/{HF}/merges.txt"] = right.replace(b"t h\n", b"x q\n")
    line = refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert "do not belong together" in line and "Deleted: encoder.json, vocab.bpe" in line
    server.files[f"/{HF}/merges.txt"] = right
    server.seen.clear()
    assert_fetched(fetch.fetch("fake", "huggingface"))
    assert {path for path, _ in server.seen} == {f"/{HF}/vocab.json", f"/{HF}/merges.txt"}


def test_what_is_verified_survives_a_conversion_that_fails(server, models, monkeypatch, capsys):
    """With a known hash the file is right, whatever this computer makes of it."""

    def fails(path):
        raise tensorfile.Damaged(path, "this computer cannot")

    monkeypatch.setattr(checkpoint.tensorfile, "read", fails)
    line = refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert "this computer cannot" in line and "Nothing has been deleted" in line
    assert (models / ".fake.huggingface" / "huggingface.safetensors").exists()


def test_a_checkpoint_altered_under_way_is_refused_by_its_own_checksums(server, models, offered, monkeypatch, capsys):
    monkeypatch.setitem(published.MODELS, "fake", replace(offered, files={}))
    server.ways[DATA] = [ways.altered]
    line = refused(capsys, "fetch", "fake", "--source", "openai")
    assert "cannot be read" in line and "Deleted: model.ckpt." in line
    assert_nothing_half_made(models)
    assert (models / ".fake.openai" / "encoder.json").exists()
    server.files["/fake/model.ckpt.index"] = server.files["/fake/model.ckpt.index"][:-1]
    assert "not the whole index" in refused(capsys, "fetch", "fake", "--source", "openai")
    assert (models / ".fake.openai" / "model.ckpt.data-00000-of-00001").exists()


def test_another_models_shapes_are_refused(server, models, offered, monkeypatch, capsys):
    monkeypatch.setitem(published.MODELS, "fake", replace(offered, n_layer=5, files={}))
    assert "its hyper-parameters are" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    config = json.loads(server.files[f"/{HF}/config.json"])
    server.files[f"/{HF}/config.json"] = json.dumps(config | {"n_layer": 5}).encode()
    assert "has no variable model/h4/" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert_nothing_half_made(models)


@pytest.mark.parametrize("missing", [PARAMETERS, f"/{HF}/vocab.json", f"/{HF}/merges.txt", f"/{HF}/config.json"])
def test_a_missing_file_is_named(server, models, capsys, missing):
    del server.files[missing]
    line = refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert "404" in line and missing in line
    assert_nothing_half_made(models)


def test_nobody_listens(server, models, monkeypatch, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        monkeypatch.setenv("GPT2_MIRROR", f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert "connection refused" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    monkeypatch.setenv("GPT2_MIRROR", "no address")
    assert "cannot be downloaded" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert_nothing_half_made(models)


@pytest.mark.parametrize(
    ("certificate", "words"),
    [
        ("trusted", None),
        ("self-signed", "its certificate is not trusted (self-signed certificate)"),
        ("expired", "its certificate is not trusted (certificate has expired)"),
        ("another's", "its certificate is not trusted (IP address mismatch"),
    ],
)
def test_a_certificate_is_told_from_a_network(server, models, tmp_path, monkeypatch, capsys, certificate, words):
    """Real TLS. The addresses hold the word "resolve" and the port may hold any number: no text is searched."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed: no certificates to show")
    bundle = ways.wear_certificate(server, tmp_path, certificate)
    monkeypatch.setenv("GPT2_MIRROR", server.url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle) if certificate != "self-signed" else "")
    if words:
        assert words in refused(capsys, "fetch", "fake", "--source", "huggingface")
        assert server.seen == []
    else:
        assert_fetched(fetch.fetch("fake", "huggingface"))


def test_other_faults_of_https(server, models, tmp_path, monkeypatch, capsys):
    for bundle, words in (
        ("missing.pem", "missing.pem. See REQUESTS_CA_BUNDLE"),
        ("empty.pem", "no secure connection"),
    ):
        (tmp_path / "empty.pem").touch()
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / bundle))
        monkeypatch.setenv("GPT2_MIRROR", server.url.replace("http:", "https:"))
        line = refused(capsys, "fetch", "fake", "--source", "huggingface")
        assert words in line and "written" not in line
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert "no secure connection could be made" in refused(capsys, "fetch", "fake", "--source", "huggingface")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_dead_or_wants_a_password_is_named(server, models, monkeypatch, capsys, scheme):
    monkeypatch.setenv("GPT2_MIRROR", f"{scheme}://models.example")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        dead = f"127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv(f"{scheme}_proxy", f"http://me:secret@{dead}")
        line = refused(capsys, "fetch", "fake", "--source", "huggingface")
        assert f"connection refused (through the proxy {dead}," in line and "secret" not in line
    server.refuses_to_be_a_proxy = True
    monkeypatch.setenv(f"{scheme}_proxy", server.url)
    line = refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert "407" in line and (server.url.removeprefix("http://") in line or "wants a name and a password" in line)


def test_a_server_without_a_name(server, models, monkeypatch, capsys):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "no server of this name is known" in refused(capsys, "fetch", "fake", "--source", "huggingface")


@pytest.mark.parametrize(
    "mirror", ["ftp://x", "http://[::1", "http://a b", "https://x:99999", "//", "http://\u2024\u2024"]
)
def test_a_mirror_that_is_no_address(server, models, monkeypatch, capsys, mirror):
    monkeypatch.setenv("GPT2_MIRROR", mirror)
    assert "cannot be downloaded" in refused(capsys, "fetch", "fake", "--source", "huggingface")


def test_too_little_space_is_noticed_before_the_download(server, models, monkeypatch, capsys):
    usage = shutil.disk_usage(models.parent)._replace(free=1_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "too full" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert server.seen == []


@pytest.mark.parametrize("where", ["downloading", "converting"])
def test_a_disk_that_runs_full_under_way(server, models, where, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    if where == "downloading":
        monkeypatch.setattr(download, "_transfer", full)
    else:
        monkeypatch.setattr(os, "fsync", full)
    assert "The disk is full" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    assert_nothing_half_made(models)
    monkeypatch.undo()


def test_a_real_full_disk(shop, offered, tmp_path):
    """A file system of 6 MB of its own: the check beforehand is switched off, and the kernel says no."""
    bubblewrap = program(Part.BUBBLEWRAP, "bwrap")
    code = (
        "import shutil; from gptkit.weights import fetch; "
        "shutil.disk_usage = lambda _: shutil._ntuple_diskusage(1, 0, 1e12)\n"
        f"{register(offered)}"
        "from gptkit.__main__ import main; import sys; sys.exit(main(['fetch', 'fake', '--source', 'huggingface']))"
    )
    sandbox = [bubblewrap, "--dev-bind", "/", "/", "--size", "6000000", "--tmpfs", str(tmp_path)]
    with ways.serving(shop) as server:
        environment = os.environ | {"GPT2_MIRROR": server.url, "GPT2_MODELS_DIR": str(tmp_path / "models")}
        done = subprocess.run([*sandbox, sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    if "bwrap:" in done.stderr:
        skip_without(Part.BUBBLEWRAP, done.stderr.strip())
    assert done.returncode == 1 and "The disk is full" in done.stderr and "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_to(server, models, monkeypatch, capsys, tmp_path):
    (tmp_path / "a file").touch()
    monkeypatch.setenv("GPT2_MODELS_DIR", str(tmp_path / "a file"))
    assert "cannot be written" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    if os.geteuid() != 0:
        models.mkdir(mode=0o500)
        monkeypatch.setenv("GPT2_MODELS_DIR", str(models))
        assert "Permission denied" in refused(capsys, "fetch", "fake", "--source", "huggingface")
    else:
        monkeypatch.setenv("GPT2_MODELS_DIR", "/proc/models")  # not even root can write there
        assert "cannot be written" in refused(capsys, "fetch", "fake", "--source", "huggingface")


def register(offered) -> str:
    """Python code that makes a fresh process know the model "fake"."""
    return (
        "from gptkit.weights import published, download; from gptkit.weights.published import Published, Figure\n"
        f"published.MODELS['fake'] = {offered!r}; download.PAUSE = 0.01\n"
    )


def start(offered, before: str = "") -> subprocess.Popen:
    """A process that runs `before` and fetches "fake"; the environment names server and folder.

    It hears Ctrl-C, which a child of what a shell has put into the background would not.
    """
    code = (
        register(offered)
        + "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        + before
        + ("from gptkit.__main__ import main; import sys; sys.exit(main(['fetch', 'fake', '--source', 'huggingface']))")
    )
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def test_two_processes_at_once_fetch_once(server, models, offered):
    server.ways[PARAMETERS] = [ways.stalls]  # so that they meet
    processes = [start(offered) for _ in range(3)]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert_fetched(models / "fake")
    assert len(server.seen) == 5  # four files, and the one that stalled once more
    assert any("waiting for it" in error for _, error in answers)


WITHOUT_LOCKS = """
import fcntl
def flock(*_):
    raise OSError(38, "Function not implemented")
fcntl.flock = flock
"""


def test_two_processes_at_once_where_files_cannot_be_locked(server, models, offered):
    server.ways[PARAMETERS] = [ways.stalls]
    processes = [start(offered, WITHOUT_LOCKS) for _ in range(3)]
    answers = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert_fetched(models / "fake")
    assert len(server.seen) == 5 and any("waiting for it" in error for _, error in answers)


@pytest.mark.parametrize("remains", ["", "1\nelsewhere\n", "2147483647\n{host}\n"])
def test_a_stale_lock_is_waited_for_a_while_only(server, models, offered, remains):
    """Left by a process on another computer, by one that says nothing, by one that is dead."""
    models.mkdir()
    (models / ".fake.held").write_text(remains.format(host=socket.gethostname()))
    process = start(offered, WITHOUT_LOCKS + "from gptkit.weights import lock; lock.QUIET = 2\n")
    error = process.communicate(timeout=30)[1]
    assert process.returncode == 0, error
    assert_fetched(models / "fake")


def test_a_long_download_keeps_its_lock_where_files_cannot_be_locked(server, models, offered):
    """It gives signs of life, so that nobody takes the lock away."""
    code = WITHOUT_LOCKS + "from gptkit.weights import lock; lock.QUIET, lock.BEAT = 1, 0.1\n"
    code += "download.TIMEOUT = (1, 10)\n"
    server.ways[PARAMETERS] = [ways.stalls]  # for three seconds
    first = start(offered, code)
    wait_for(lambda: (models / ".fake.held").exists())
    second = start(offered, code)
    answers = [process.communicate(timeout=60) for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), answers
    assert len(server.seen) == 5


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_stopped_under_way_and_started_again(server, models, offered, stop):
    server.ways[PARAMETERS] = [ways.stalls]
    process = start(offered)
    part = models / ".fake.huggingface" / "huggingface.safetensors.part"
    wait_for(lambda: part.exists() and part.stat().st_size > 1_000_000)
    process.send_signal(stop)
    _, error = process.communicate(timeout=20)
    assert "Traceback" not in error
    if stop == signal.SIGINT:
        assert process.returncode == 1 and "interrupted. What has arrived is kept" in error
    assert_nothing_half_made(models)
    server.seen.clear()
    assert_fetched(fetch.fetch("fake", "huggingface"))
    assert [(path, bool(span)) for path, span in server.seen] == [(PARAMETERS, True)]


def test_the_source_is_chosen_by_what_can_be_read(server, models, monkeypatch, capsys):
    monkeypatch.setattr(fetch.importlib.util, "find_spec", lambda name: None)
    assert "--source huggingface" in refused(capsys, "fetch", "fake", "--source", "openai")
    assert main(["fetch", "fake"]) == 0
    assert all(path.startswith(f"/{HF}") for path, _ in server.seen)


def test_the_publishers_addresses(monkeypatch):
    monkeypatch.delenv("GPT2_MIRROR", raising=False)
    openai = fetch.urls("124M", "openai")
    assert len(openai) == 7 and all(published.MODELS["124M"].sha256(name) for name in openai)
    base = "https://openaipublic.blob.core.windows.net/gpt-2/models"
    assert openai["hparams.json"] == f"{base}/124M/hparams.json"
    revision = "607a30d783dfa663caf39e06633721c8d4cfcd7e"
    base = f"https://huggingface.co/openai-community/gpt2/resolve/{revision}"
    assert fetch.urls("124M", "huggingface")["encoder.json"] == f"{base}/vocab.json"


def test_what_is_published_fits_together():
    model = published.MODELS["124M"]
    for one in published.MODELS.values():
        assert re.fullmatch("[0-9a-f]{40}", one.revision)
        assert one.size(published.CHECKPOINT_DATA) == 4 * one.n_params
        text = len(json.dumps(one.hparams, indent=2) + "\n")
        assert one.size("hparams.json") in (None, text)
        assert all(size is None or size > 0 for size, _ in one.files.values())
        assert all(sha256 is None or re.fullmatch("[0-9a-f]{64}", sha256) for _, sha256 in one.files.values())
    assert model.n_params == 124_439_808
    hparams = (json.dumps(model.hparams, indent=2) + "\n").encode()
    assert [len(hparams), hashlib.sha256(hparams).hexdigest()] == model.files["hparams.json"]


def test_published_files_and_figures_are_the_real_ones(real_data):
    model = published.MODELS["124M"]
    for name in ("checkpoint", "encoder.json", "hparams.json", "vocab.bpe"):
        assert model.flaw(name, real_data / name) is None
        assert replace(model, files={}).flaw(name, real_data / name) is None  # as if no hash were known
    tokenizer = Tokenizer.from_folder(real_data)
    observed = np.load(real_data / "observed.npz")
    for j, figure in enumerate(model.figures):
        assert figure.prompt == str(observed["prompts"][j])
        assert tokenizer.encode(figure.prompt) == observed[f"tokens_{j}"].tolist() == list(figure.ids)
        assert np.argsort(-observed[f"logits_{j}"])[:5].tolist() == list(figure.top)
        np.testing.assert_allclose(observed[f"logits_{j}"][list(figure.top)], figure.logits, atol=1e-5)
    assert len(tokenizer.encode(model.continuation[1])) == 39  # of 40 reported: the last one is a line break


def figures_of(folder: Path) -> dict:
    """What "fake" answers, in the form in which 124M's answers are published."""
    tokenizer, gpt2, prompt = Tokenizer.from_folder(folder), GPT2(*weights.load(folder)), "What say you to"
    ids = tokenizer.encode(prompt)
    logits = gpt2.logits(ids)
    top = np.argsort(-logits)[:5]
    figure = published.Figure(prompt, tuple(ids), tuple(top.tolist()), tuple(logits[top].tolist()))
    return {"figures": (figure,), "continuation": (prompt, tokenizer.decode(gpt2.greedy(ids, 8)))}


def test_verify_tells_the_real_model_from_others(server, models, offered, monkeypatch, capsys):
    fetch.fetch("fake", "huggingface")
    real = replace(offered, **figures_of(models / "fake"))
    monkeypatch.setitem(published.MODELS, "fake", real)
    assert main(["verify", "fake"]) == 0
    out = capsys.readouterr().out
    assert "fake is the published model" in out and "the known continuation" in out and "SHA-256" in out

    figure, (prompt, text) = real.figures[0], real.continuation
    for change, words in (
        ({"figures": (replace(figure, logits=(*figure.logits[:4], figure.logits[4] - 0.05)),)}, "not the published"),
        ({"figures": (replace(figure, top=figure.top[::-1]),)}, "not the published model"),
        ({"figures": (replace(figure, ids=figure.ids[1:]),)}, "The tokenizer reads"),
        ({"continuation": (prompt, text[:-1] + "?")}, "not as published"),
    ):
        monkeypatch.setitem(published.MODELS, "fake", replace(real, **change))
        assert words in refused(capsys, "verify", "fake")

    monkeypatch.setitem(published.MODELS, "fake", real)
    data = bytearray((models / "fake" / "model.safetensors").read_bytes())
    data[-1] ^= 0x40  # the exponent of one number of the last matrix
    (models / "fake" / "model.safetensors").write_bytes(data)
    assert "not the published model" in refused(capsys, "verify", "fake")
    (models / "fake" / "vocab.bpe").write_text("#version: 0.2\n")
    assert "vocab.bpe is not the published file" in refused(capsys, "verify", "fake")


def test_verify_says_what_it_cannot_check(server, models, offered, shop, monkeypatch, capsys):
    """As for the larger models, of which sizes are known at most: zeros are not the published model."""
    sizes = {name: (size, None) for name, (size, _) in offered.files.items()}
    monkeypatch.setitem(published.MODELS, "fake", replace(offered, files=sizes))
    folder = fetch.fetch("fake", "huggingface")
    parameters = tensorfile.read(folder / "model.safetensors")
    tensorfile.write(folder / "model.safetensors", {name: np.zeros_like(array) for name, array in parameters.items()})
    assert main(["verify", "fake"]) == 0
    out = capsys.readouterr().out
    assert "the published model" not in out and "could not be checked" in out
    assert "?   model.safetensors: no published hash or answer to compare it with" in out
    assert "?   encoder.json: of the published size, no SHA-256 of it is known" in out

    if fetch.importlib.util.find_spec("tensorflow"):
        assert_fetched(fetch.fetch("fake", "openai"))  # the other source's: now there is something to compare with
        assert main(["verify", "fake"]) == 0
        out = capsys.readouterr().out
        assert "the checkpoint's parameters, bit for bit" in out and "the published model" not in out
    for name in published.CHECKPOINT:
        shutil.copy(shop / "fake" / name, folder)
    monkeypatch.setattr(fetch.importlib.util, "find_spec", lambda name: None)
    assert main(["verify", "fake"]) == 0
    assert "?   model.safetensors: no TensorFlow here" in capsys.readouterr().out
    (folder / "hparams.json").write_text(json.dumps(layout.load_hparams(folder) | {"n_head": 2}, indent=2) + "\n")
    assert "hyper-parameters" in refused(capsys, "verify", "fake")


def test_verify_compares_with_the_checkpoint(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("GPT2_MODELS_DIR", str(tmp_path))
    folder = shutil.copytree(TINY, tmp_path / "tiny")
    assert "bit for bit" in "".join(finding.text for finding in verify.verify("tiny"))
    data = bytearray((folder / "model.safetensors").read_bytes())
    data[-4] ^= 1  # the last bit of one number
    (folder / "model.safetensors").write_bytes(data)
    assert "is not the checkpoint's" in refused(capsys, "verify", "tiny")


def test_the_command_line_explains_itself(server, models, capsys, monkeypatch):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0 and "GPT2_MIRROR" in capsys.readouterr().out
    for argv in (["fetsch"], ["fetch", "12M"], ["fetch", "--source", "elsewhere"], ["info", "--colour"]):
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 2 and capsys.readouterr().err.count("\n") == 1
    assert "python -m gptkit fetch 355M" in refused(capsys, "verify", "355M")
    with pytest.raises(WeightsError, match="There are: 124M"):
        fetch.fetch("12M")
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert str(models) in out and "used when none is named: tiny" in out


def test_a_reader_that_has_seen_enough_is_no_error():
    done = subprocess.run(
        f"{shlex.quote(sys.executable)} -u -m gptkit info | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith("models folder") and done.stderr == "" and done.returncode == 0
