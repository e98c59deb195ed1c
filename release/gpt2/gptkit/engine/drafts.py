"""Guesses at how a text goes on, taken from how it went on before: a model that repeats itself need not be asked twice.

Greedy GPT-2 falls into repetition, and several tokens that are known beforehand cost little more than one: each weight
is read from memory once for all of them. A wrong guess costs time, so how many are made follows from what is counted
while the text is written: how often it did go on as it went on before, what several tokens cost on this machine, and
what guessing has gained so far.
"""

from __future__ import annotations

from collections.abc import Iterable

MOST = 3  # guesses at once; with the token before them, as many rows as the model takes one by one
# The chance that the text goes on as it went on before, when it has done so for 0, 1, 2, 3 or more tokens. It is worth
# PRIOR tokens of experience, to which what is counted in this text is added.
CHANCES, PRIOR = (0.5, 0.5, 0.5, 0.8), 4
COSTS = (1.0, 1.4, 1.6, 1.8)  # a step of 1, 2, ... rows in steps of one row, where the processor's cache is large
# Steps of one row that guesses may lose in all: so many, and so many more for each token. So no text of 100 tokens
# takes 3 % longer, but for a first guess that turns out to be dear.
ADVANCE, SHARE = 0.8, 0.02


class Drafts:
    """A text that grows, and how it may go on.

    The last two tokens are looked up in the text before them, and from there on it is followed for as long as it
    foresees each new token.
    """

    def __init__(self, ids: Iterable[int]):
        self._text: list[int] = []
        self._after: dict[tuple[int, int], int] = {}  # two tokens -> the place after their last occurrence
        self._next: int | None = None  # place in the text of what should come next
        self._foreseen = 0  # tokens, one after the other
        # By how many were foreseen before it: how often the next token was, and how often it was looked for.
        self._right, self._seen = ([share * PRIOR for share in CHANCES], [PRIOR] * len(CHANCES))
        self._least: dict[int, float] = {}  # guesses -> seconds of the fastest step with so many
        self._extra = 1.0  # what more rows than one cost here, as a share of what COSTS says
        self._spare = ADVANCE  # steps of one row that may still be lost
        for token in ids:
            self.add(int(token))

    def add(self, token: int) -> None:
        """The token that came next."""
        text = self._text
        if self._next is not None:
            right, kind = text[self._next] == token, min(self._foreseen, len(CHANCES) - 1)
            self._seen[kind] += 1
            self._right[kind] += right
            self._next, self._foreseen = (self._next + 1, self._foreseen + 1) if right else (None, 0)
        text.append(token)
        if len(text) > 1:
            pair = (text[-2], token)
            if self._next is None:
                self._next = self._after.get(pair)
            self._after[pair] = len(text)

    def guesses(self, most: int) -> list[int]:
        """Up to `most` tokens that may come next, as many as promise the most tokens in a second; often none."""
        if self._next is None:
            return []
        best, speed, chance, tokens = 0, 1.0, 1.0, 1.0
        for n in range(1, min(most, MOST) + 1):
            kind = min(self._foreseen + n - 1, len(CHANCES) - 1)
            chance *= self._right[kind] / self._seen[kind]  # that the first n are all right
            tokens += chance  # that a step of 1 + n rows may be expected to find
            if self._cost(n) - 1 <= self._spare and tokens / self._cost(n) > speed:
                best, speed = n, tokens / self._cost(n)
        period = len(self._text) - self._next  # a text that repeats itself begins again where it ends
        return [self._text[self._next + i % period] for i in range(best)]

    def took(self, guesses: int, found: int, seconds: float) -> None:
        """How many tokens a step with so many guesses found, its own included, and how long it took."""
        self._least[guesses] = min(seconds, self._least.get(guesses, seconds))
        if guesses and self._least.get(0):  # where the cache is small, a second row costs as much as the first
            self._extra = max(0.0, (self._least[guesses] / self._least[0] - 1) / (COSTS[guesses] - 1))
        self._spare += found * (1 + SHARE) - self._cost(guesses)

    def _cost(self, guesses: int) -> float:
        return 1 + (COSTS[guesses] - 1) * self._extra
