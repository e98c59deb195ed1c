"""The steps that a student can unfold below a failed check, after its fact and its question; words in ladder.json.

Step 2 says where it shows, step 3 works the same step out on a 2 x 2 example, step 4 points to where it is explained.
An exercise's words go by topic. A check and a cause (a known mistake, or a measurement) each have one.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

NEXT = ("Where does it show?", "Show me on a 2 × 2 example", "Where can I read about it?")  # what a student clicks on


@cache
def words() -> dict[str, dict]:
    return json.loads((resources.files("gptkit.checks") / "data" / "ladder.json").read_text("utf-8"))


def topic(exercise: str, check: str, mistake: str | None, measured: str | None) -> dict[str, str]:
    """The words about what failed: those of its cause, else of the check, else of the exercise's first topic."""
    own = list(words()[exercise]["topics"].values())
    topics = [*own, *words()["every"].values()]
    # Of two mistakes at once the steps explain the first, as the question asks about it.
    for kind, name in (("causes", (mistake or measured or "").split("+")[0]), ("checks", check)):
        for one in topics:
            if name in one[kind]:
                return one
    return own[0]


def steps(
    exercise: str, check: str, example: str | None, mistake: str | None = None, measured: str | None = None
) -> list[str]:
    """Steps 2, 3 and 4; none for an exercise without words. `example` is the line and the input on which it shows."""
    if exercise not in words():
        return []
    about = topic(exercise, check, mistake, measured)
    this = "this input" if example else "a small input of your own"
    look = f"{example or ''} {words()[exercise]['look'].format(this=this)}".strip()
    return [about.get("look", look), about["worked"], about["above"]]
