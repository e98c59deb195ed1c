"""The tiny model: small enough to ship, the same in both places, and trained rather than random."""

from pathlib import Path

import numpy as np
import tokenizers
from gptkit import weights
from gptkit.engine.model import GPT2
from gptkit.engine.tokenizer import Tokenizer
from gptkit.weights import layout

TINY = Path(__file__).parents[3] / "models" / "tiny"
EMBEDDED = ("encoder.json", "hparams.json", "model.safetensors", "vocab.bpe")


def test_the_kits_copy_is_the_same():
    assert {file.name for file in weights.EMBEDDED.iterdir()} == set(EMBEDDED)
    for name in EMBEDDED:
        assert (weights.EMBEDDED / name).read_bytes() == (TINY / name).read_bytes(), name


def test_it_is_small():
    assert sum(file.stat().st_size for file in weights.EMBEDDED.iterdir()) <= 4_000_000
    parameters = [file for file in TINY.iterdir() if file.name.startswith("model.")]
    assert sum(file.stat().st_size for file in parameters) <= 10_000_000


def test_its_folder_has_openais_seven_files():
    names = ["checkpoint", "encoder.json", "hparams.json", "model.ckpt.index", "model.ckpt.meta", "vocab.bpe"]
    assert all((TINY / name).is_file() for name in [*names, "model.ckpt.data-00000-of-00001"])


def test_the_vocabulary_is_a_byte_pair_vocabulary_of_its_size():
    tokenizer = Tokenizer.from_folder(TINY)
    hparams = layout.load_hparams(TINY)
    assert tokenizer.n_vocab == hparams["n_vocab"] and 1_000 <= tokenizer.n_vocab <= 2_000
    assert tokenizer.token_bytes(tokenizer.n_vocab - 1) == b"<|endoftext|>"
    assert {tokenizer.token_bytes(i) for i in range(256)} == {bytes([b]) for b in range(256)}


def test_it_agrees_with_the_tokenizers_library():
    theirs = tokenizers.ByteLevelBPETokenizer(str(TINY / "encoder.json"), str(TINY / "vocab.bpe"))
    text = "KING RICHARD:\nNow is the winter of our discontent, 1592 — naïve 😀\n"
    assert Tokenizer.from_folder(TINY).encode(text) == theirs.encode(text).ids


def test_it_has_been_trained():
    """Well below the 7.15 nats per token of chance, on lines in the manner of the plays that are not in them."""
    hparams, params = weights.load(TINY)
    ids = Tokenizer.from_folder(TINY).encode("KING HENRY VI:\nMy noble lord, I know not what to say to the queen.\n")
    logits = GPT2(hparams, params).all_logits(ids)[:-1].astype(float)
    log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    assert -log_p[range(len(ids) - 1), ids[1:]].mean() < 4


def test_words_that_belong_together_are_alike():
    """The groups that models/tiny/README.md recommends: single tokens, each nearer to its own group than to others."""
    groups = (("king", "queen", "prince"), ("day", "night", "hour"), ("good", "noble", "fair"))
    tokenizer, wte = Tokenizer.from_folder(TINY), weights.load(TINY)[1]["wte"]
    ids = [tokenizer.encode(f" {word}") for group in groups for word in group]
    assert all(len(i) == 1 for i in ids)
    rows = wte[np.ravel(ids)]
    rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    alike, group = rows @ rows.T, np.arange(9) // 3
    same = group[:, None] == group
    assert alike[same].min() > 0.45 and alike[~same].max() < 0.4


def test_near_positions_are_alike():
    wpe = weights.load(TINY)[1]["wpe"]
    rows = wpe / np.linalg.norm(wpe, axis=1, keepdims=True)
    for position in (32, 64, 96):
        assert rows[position] @ rows[position + 1] > 0.9 and rows[position] @ rows[(position + 80) % 128] < 0.2
