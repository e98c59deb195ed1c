"""Byte-pair encoding as GPT-2 does it: text becomes UTF-8 bytes, and bytes that often stood together become one token.

Reads the two files of a model folder. `encoder.json` maps a token to its id, `vocab.bpe` lists the merges, one pair a
line, the earliest learned first. Both write bytes as printable characters (see `_byte_letters`), so that a space shows
as Ġ and a newline as Ċ.
"""

from __future__ import annotations

import heapq
import json
import operator
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

try:
    import regex
except ImportError:  # Pyodide's distribution may lack it
    regex = None

LONGEST_REMEMBERED = 64  # characters of a piece; longer ones rarely come twice
LAST_NUMBER = 0x1FFFF  # Unicode's planes beyond hold no numbers


def _pieces() -> re.Pattern:
    """English contractions, words, numbers, other signs (each with one leading space), and white space, of which the
    last space before a word is left to that word. Merges never cross the borders of these pieces.

    The standard library knows no classes of letters (L) and numbers (N), so without `regex` they are made: its \\w is
    L, N and the underscore, and its \\s holds four control characters too many.
    """
    if regex is not None:
        return regex.compile(r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")
    numbers = "".join(c for c in map(chr, range(LAST_NUMBER + 1)) if unicodedata.category(c)[0] == "N")
    letter, sign, space = rf"[^\W_{numbers}]", r"(?:[^\w\s]|[_\x1c-\x1f])", r"[^\S\x1c-\x1f]"
    words = rf"'(?:[sdmt]|ll|ve|re)| ?{letter}+| ?[{numbers}]+| ?{sign}+"
    return re.compile(rf"{words}|{space}+(?!{letter}|[{numbers}]|{sign})|{space}+")


def _byte_letters() -> dict[str, int]:
    """The printable character that stands for each byte in the files: {character: byte}, 256 entries.

    A byte that is a visible Latin-1 character stands for itself; the n-th of the other 68 is character 256 + n.
    """
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {chr(byte): byte for byte in visible} | {chr(256 + n): byte for n, byte in enumerate(hidden)}


PIECES = _pieces()


class Tokenizer:
    """Text to token ids and back, for one vocabulary.

    `ids` maps a token as `encoder.json` writes it to its id, `merges` are pairs of such tokens, the earliest first.
    Raises ValueError when the two do not belong together or some byte has no token.
    """

    def __init__(self, ids: dict[str, int], merges: Iterable[tuple[str, str]]):
        letters = _byte_letters()
        try:
            self._bytes = {i: bytes(letters[c] for c in token) for token, i in ids.items()}
            self._of_byte = [ids[letter] for letter, _ in sorted(letters.items(), key=lambda item: item[1])]
            # the rank of a pair is its line's number; the smaller, the earlier it is merged
            self._merges = {(ids[a], ids[b]): (rank, ids[a + b]) for rank, (a, b) in enumerate(merges)}
        except KeyError as missing:
            raise ValueError(f"encoder.json and vocab.bpe do not belong together: no entry for {missing}") from None
        self._remembered = lru_cache(maxsize=50_000)(self._merge)

    @classmethod
    def from_folder(cls, folder: str | Path) -> Tokenizer:
        """Read `encoder.json` and `vocab.bpe` of a model folder. Raises ValueError when one is missing or damaged."""
        encoder, bpe = Path(folder) / "encoder.json", Path(folder) / "vocab.bpe"
        try:
            ids = json.loads(encoder.read_text(encoding="utf-8"))
            lines = bpe.read_text(encoding="utf-8").split("\n")
        except OSError as why:
            raise ValueError(f"The tokenizer's file {why.filename} cannot be read: {why.strerror}.") from None
        except ValueError as why:  # neither UTF-8 nor JSON
            raise ValueError(f"A tokenizer file in {folder} is damaged: {why}") from None
        rows = [line.split(" ") for line in lines if line and not line.startswith("#version")]
        if not isinstance(ids, dict) or any(len(row) != 2 for row in rows):
            raise ValueError(f"encoder.json or vocab.bpe in {folder} is damaged: not a vocabulary with its merges.")
        return cls(ids, [(a, b) for a, b in rows])

    @property
    def n_vocab(self) -> int:
        """The number of tokens."""
        return len(self._bytes)

    def encode(self, text: str) -> list[int]:
        """Token ids of a text. Raises ValueError for a lone surrogate, which no UTF-8 text can hold."""
        ids: list[int] = []
        for piece in PIECES.findall(text):
            try:
                ids += self._remembered(piece) if len(piece) <= LONGEST_REMEMBERED else self._merge(piece)
            except UnicodeEncodeError as why:
                bad = f"U+{ord(why.object[why.start]):04X}"
                raise ValueError(f"The text holds {bad}, half of a surrogate pair: it is not a character.") from None
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; bytes that are no UTF-8 (half a character, say) show as the replacement character.

        Raises ValueError for an id outside the vocabulary.
        """
        return b"".join(map(self.token_bytes, ids)).decode("utf-8", errors="replace")

    def token_bytes(self, token: int) -> bytes:
        """The bytes of one token. Raises ValueError for an id outside the vocabulary."""
        try:
            return self._bytes[operator.index(token)]
        except (KeyError, TypeError):
            raise ValueError(f"There is no token {token}: ids go from 0 to {self.n_vocab - 1}.") from None

    def _merge(self, piece: str) -> list[int]:
        """Token ids of one piece: of all neighbours, those with the earliest merge are joined, until none has one.

        A heap holds the candidates and a linked list the tokens, so n bytes take n log n steps.
        """
        token = [self._of_byte[byte] for byte in piece.encode("utf-8")]
        n = len(token)
        left, right = list(range(-1, n - 1)), list(range(1, n + 1))  # neighbours; n is the end
        heap: list[tuple[int, int, int, int]] = []  # (rank, position, pair) of neighbours that can be joined

        def offer(i: int, j: int) -> None:
            if i >= 0 and j < n and (found := self._merges.get((token[i], token[j]))):
                heapq.heappush(heap, (found[0], i, token[i], token[j]))

        for i in range(n - 1):
            offer(i, i + 1)
        while heap:
            _, i, a, b = heapq.heappop(heap)
            j = right[i]
            if token[i] != a or j >= n or token[j] != b:  # an earlier merge took one of the two
                continue
            token[i], token[j] = self._merges[a, b][1], -1
            right[i] = right[j]
            if right[i] < n:
                left[right[i]] = i
            offer(left[i], i)
            offer(i, right[i])
        return [t for t in token if t >= 0]
