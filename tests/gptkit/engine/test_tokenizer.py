"""The tokenizer gives the ids of two independent implementations, on any text, in a time that grows with its length."""

import json
import random
import sys
import time
import unicodedata
from pathlib import Path

import pytest
import tiktoken
import tokenizers
from gptkit.engine import tokenizer as module
from gptkit.engine.tokenizer import PIECES, Tokenizer
from hypothesis import given
from hypothesis import strategies as st
from tiktoken.load import data_gym_to_mergeable_bpe_ranks
from tiktoken_ext.openai_public import r50k_pat_str

TINY = Path(__file__).parents[3] / "models" / "tiny"
STRINGS = 20_000
WORDS = [" the", " cat", "They'll", "don't", "It'S", " 1234", "½", "٣", "naïve", " Größe", "привет"]


@pytest.fixture(scope="module", params=["tiny", "124M"])
def folder(request):
    if request.param == "tiny":
        return TINY
    return request.getfixturevalue("real_data")


@pytest.fixture(scope="module")
def tokenizer(folder):
    return Tokenizer.from_folder(folder)


@pytest.fixture(scope="module")
def openai(folder):
    """tiktoken, built from the same two files; its splitting into pieces is its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIKTOKEN_CACHE_DIR", "")  # it would remember a file's contents by its path
        ranks = data_gym_to_mergeable_bpe_ranks(str(folder / "vocab.bpe"), str(folder / "encoder.json"))
    return tiktoken.Encoding("same files", pat_str=r50k_pat_str, mergeable_ranks=ranks, special_tokens={})


@pytest.fixture(scope="module")
def hugging_face(folder):
    """Hugging Face's tokenizers, built from the same two files; its splitting into pieces is its own."""
    merges = [tuple(line.split(" ")) for line in lines_of(folder) if not line.startswith("#")]
    model = tokenizers.models.BPE(json.loads((folder / "encoder.json").read_text(encoding="utf-8")), merges)
    theirs = tokenizers.Tokenizer(model)
    theirs.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return theirs


def lines_of(folder):
    return [line for line in (folder / "vocab.bpe").read_text(encoding="utf-8").split("\n") if line]


def random_texts(n, seed):
    """Texts of 1 to 25 parts: characters of every plane, ASCII, spaces of all kinds, words, runs of one character."""
    draw = random.Random(seed)

    def part():
        kind = draw.randrange(8)
        if kind == 0:
            return character_of_any_plane()
        if kind in (1, 2):
            return chr(draw.randrange(0x250))
        if kind == 3:
            return draw.choice([" ", "  ", "\n", "\t", "\r\n", "\u00a0", "\u2003", "\u3000", "\x1c", "\x85", "\u200b"])
        if kind in (4, 5):
            return draw.choice(WORDS)
        if kind == 6:
            return chr(draw.randrange(0x2000, 0x3000)) * draw.randrange(1, 9)
        return draw.choice("aeE \n=-.'") * draw.randrange(1, 30)

    def character_of_any_plane():
        plane = draw.choice([0, 0, 0, 1, 1, 2, 3, *range(4, 17)])
        code = plane * 0x10000 + draw.randrange(0x10000)
        return "x" if 0xD800 <= code < 0xE000 else chr(code)

    return ["".join(part() for _ in range(draw.randint(1, 25))) for _ in range(n)]


def test_the_ids_are_those_of_tiktoken_and_of_hugging_face(tokenizer, openai, hugging_face):
    for text in random_texts(STRINGS, seed=2019):
        ids = tokenizer.encode(text)
        assert ids == openai.encode_ordinary(text), repr(text)
        assert ids == hugging_face.encode(text).ids, repr(text)
        assert tokenizer.decode(ids) == text


@pytest.fixture
def plain_pieces(monkeypatch):
    """The pattern that is made where `regex` is not installed."""
    monkeypatch.setattr(module, "regex", None)
    return module._pieces()


def test_pieces_are_the_same_without_regex_on_every_character(plain_pieces):
    for character in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(character) != "Cn":  # not assigned yet in Python's Unicode; regex may have a newer one
            text = f"a{character}b {character}1{character} {character}{character}  x"
            assert plain_pieces.findall(text) == PIECES.findall(text), f"U+{ord(character):04X}"


def test_pieces_are_the_same_without_regex_on_random_text(plain_pieces):
    for text in random_texts(STRINGS, seed=1991):
        if all(unicodedata.category(character) != "Cn" for character in text):
            assert plain_pieces.findall(text) == PIECES.findall(text), ascii(text)


def test_every_id_decodes_as_in_tiktoken(tokenizer, openai):
    for token in range(tokenizer.n_vocab):
        try:
            theirs = openai.decode_single_token_bytes(token)
        except KeyError:  # tiktoken keeps the end of a text apart
            theirs = b"<|endoftext|>"
        assert tokenizer.token_bytes(token) == theirs


def test_known_ids_of_gpt2(real_data):
    tokenizer = Tokenizer.from_folder(real_data)
    assert tokenizer.n_vocab == 50257
    assert tokenizer.encode("Hello, world") == [15496, 11, 995]
    assert tokenizer.decode([50256]) == "<|endoftext|>"


ON_TINY = Tokenizer.from_folder(TINY)


@given(st.text())
def test_any_text_comes_back(text):
    assert ON_TINY.decode(ON_TINY.encode(text)) == text


@pytest.mark.parametrize("character", ["a", " ", "=", "é", "\n", "🙂"])
def test_a_long_run_of_one_character_takes_linear_time(tokenizer, character):
    def seconds(length):
        started = time.process_time()
        tokenizer.encode(character * length)
        return time.process_time() - started

    # 16 times the text; a quadratic loop needs 256 times the time. The best of three, for other processes run too.
    short, long = (min(seconds(length) for _ in range(3)) for length in (4_000, 64_000))
    assert long < 60 * max(short, 0.001)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff b", "\ud83d\ud83d\ude42", "a" * 100 + "\udc00"])
def test_a_lone_surrogate_is_named(tokenizer, text):
    with pytest.raises(ValueError, match=r"U\+D[8-F].., half of a surrogate pair"):
        tokenizer.encode(text)


@pytest.mark.parametrize("token", [-1, 10**6, 1.5, None])
def test_an_unknown_id_is_named(tokenizer, token):
    with pytest.raises(ValueError, match=f"There is no token {token}: ids go from 0 to {tokenizer.n_vocab - 1}"):
        tokenizer.decode([token])


def test_half_a_character_decodes_to_the_replacement_character(tokenizer):
    half = tokenizer.encode("🙂")[:1]
    assert tokenizer.decode(half).startswith("\N{REPLACEMENT CHARACTER}")


@pytest.mark.parametrize(
    ("encoder", "bpe", "says"),
    [
        (None, "", "cannot be read: No such file"),
        ("{", "", "damaged"),
        ("[]", "", "damaged"),
        ("{}", "", "do not belong together"),
        (b"\xff", "", "damaged"),
        (json.dumps(dict.fromkeys(ON_TINY._bytes, 0)), "a\n", "damaged"),
        ((TINY / "encoder.json").read_text(encoding="utf-8"), "zq qz\n", "do not belong together: no entry for 'zq'"),
    ],
)
def test_damaged_files_are_refused(tmp_path, encoder, bpe, says):
    if encoder is not None:
        (tmp_path / "encoder.json").write_bytes(encoder if isinstance(encoder, bytes) else encoder.encode())
    (tmp_path / "vocab.bpe").write_text(bpe)
    with pytest.raises(ValueError, match=says):
        Tokenizer.from_folder(tmp_path)
