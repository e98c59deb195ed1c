"""Guesses at how a text goes on, taken from how it went on before: a model that repeats itself need not be asked twice.

Greedy GPT-2 falls into repetition, and several tokens that are known beforehand cost little more than one: each weight
is read from memory once for all of them. A wrong guess costs time, so each makes the next one wait until more tokens
have been foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable

MOST = 3  # guesses at once; with the token before them, as many rows as the model takes one by one
LONGEST_WAIT = 64  # tokens that have to be foreseen before a guess, after many wrong ones


class Drafts:
    """A text that grows, and how it may go on.

    The last two tokens are looked up in the text before them. From there on it is followed for as long as it foresees
    each new token, and the more it has foreseen, the more is guessed at once.
    """

    def __init__(self, ids: Iterable[int]):
        self._text: list[int] = []
        self._after: dict[tuple[int, int], int] = {}  # two tokens -> the place after their last occurrence
        self._next: int | None = None  # place in the text of what should come next
        self._foreseen, self._wait = 0, 0  # tokens
        for token in ids:
            self.add(int(token))

    def add(self, token: int) -> None:
        """The token that came next."""
        text = self._text
        if self._next is not None and text[self._next] == token:
            self._next, self._foreseen = self._next + 1, self._foreseen + 1
        else:
            self._next, self._foreseen = None, 0
        text.append(token)
        if len(text) > 1:
            pair = (text[-2], token)
            if self._next is None:
                self._next = self._after.get(pair)
            self._after[pair] = len(text)

    def guesses(self, most: int) -> list[int]:
        """Up to `most` tokens that may come next; often none."""
        if self._next is None or self._foreseen < self._wait:
            return []
        n = min(most, MOST, 1 + self._foreseen - self._wait)
        period = len(self._text) - self._next  # a text that repeats itself begins again where it ends
        return [self._text[self._next + i % period] for i in range(n)]

    def judge(self, all_right: bool) -> None:
        """Whether the guesses that were given came true: how long to wait before the next ones."""
        self._wait = self._wait // 2 if all_right else min(LONGEST_WAIT, max(1, 2 * self._wait))
