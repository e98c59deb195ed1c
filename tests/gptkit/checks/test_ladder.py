"""Protects the steps below a failed check: each is there, short, easy to read, and worth nothing as an answer."""

import re
from importlib import import_module

import numpy as np
import pytest
from gptkit.checks import ladder
from gptkit.checks.core import Local, earned, run
from gptkit.notebook import feedback

from autograder.exercises import EXERCISES, modules

WORDS = (40, 160)
GRADE = 9
EVERY = [(name, topic) for name in EXERCISES for topic in ladder.words()[name]["topics"]]
EVERY += [("every", topic) for topic in ladder.words()["every"]]


class Nothing:
    words = ()


def about(name: str, topic: str) -> dict:
    return ladder.words()["every"][topic] if name == "every" else ladder.words()[name]["topics"][topic]


def texts() -> dict[str, str]:
    """Every text of the ladder, by where it stands."""
    found = {f"{name}, look": ladder.words()[name]["look"].format(this="this input") for name in EXERCISES}
    for name, topic in EVERY:
        found |= {f"{name}, {topic}, {k}": v for k, v in about(name, topic).items() if isinstance(v, str)}
    return found


def syllables(word: str) -> int:
    """About as many as an English word has: its groups of vowels, without a silent e."""
    silent = len(word) > 3 and re.search(r"[^aeiouyl]e$|[aeiouy][^aeiouydt]ed$", word.lower())
    return max(1, len(re.findall(r"[aeiouy]+", word.lower())) - bool(silent))


def grade(text: str) -> float:
    """The reading level by Flesch and Kincaid (1975); what is set as code counts as one short word."""
    plain = re.sub(r"`[^`]*`", "it", text)
    words, ends = re.findall(r"[A-Za-z'’-]+", plain), re.findall(r"[.?!](?=\s|$)", plain)
    return 0.39 * len(words) / len(ends) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def test_the_grade_tells_easy_text_from_hard_text():
    assert grade("The cat sat. It was a good cat.") < 2
    assert grade("Probabilistic normalisation necessitates considerable computational sophistication.") > 20


@pytest.mark.parametrize("where", texts())
def test_a_step_is_short_and_easy_to_read(where):
    text = texts()[where]
    assert WORDS[0] <= len(re.sub(r"`[^`]*`", " ", text).split()) and len(text.split()) <= WORDS[1] - 40
    assert grade(text) <= GRADE


@pytest.mark.parametrize("name", EXERCISES)
def test_every_check_and_every_cause_has_one_topic(name):
    module, own = modules()[name], ladder.words()[name]["topics"]
    topics = {**own, **ladder.words()["every"]}
    for check in EXERCISES[name].checks:
        assert len([t for t in topics if check.name in topics[t]["checks"]]) == 1, check.name
    stored = getattr(import_module(f"gptkit.checks.{name}"), "stored", None)
    measured = set(stored.probes.words) if stored else set()
    mistakes = {m for m in getattr(module, "catalogue", Nothing).words if "+" not in m}
    for cause in mistakes | measured:
        assert len([t for t in topics if cause in topics[t]["causes"]]) == 1, cause
    assert {c for t in own.values() for c in t["causes"]} <= mistakes | measured


def snippets(text: str) -> set[str]:
    """The text, its sentences and what is set as code: all that can be copied out of a step."""
    parts = {text, *re.split(r"(?<=[.?!:]) ", text), *re.findall(r"`([^`]+)`", text)}
    return parts | {part.split("=", 1)[1].strip(" )") for part in parts if "=" in part}


@np.errstate(all="ignore")
def worth(name: str, source: str) -> float:
    """What a text earns as an answer: as the body, or as the result, of the function, on the visible checks."""
    exercise = feedback.load_exercise(name)
    best = 0.0
    for body in (source, f"return {source}"):
        program = f"import numpy as np\ndef {name}{exercise.signature}:\n    {body}"
        try:
            exec(compile(program, "step", "exec"), space := {})
        except SyntaxError:
            continue
        best = max(best, sum(earned(run(exercise.checks, Local(space[name], name)), 1.0)))
    return best


def shown(name: str) -> list[str]:
    """Every step that some wrong answers are shown, with their smallest inputs."""
    found = [about(n, t)[k] for n, t in EVERY if n in (name, "every") for k in ("worked", "above")]
    function = {"sample_top_n": lambda logits, n, rng: int(logits.argmax())}.get(name, lambda *a: a[0] * 1.0)
    for r in run(feedback.load_exercise(name).checks, Local(function, name)):
        found += ladder.steps(name, r.check.name, r.example, r.mistake, r.measured)[:1]
    return found


@pytest.mark.parametrize("name", feedback.FUNCTIONS)
@pytest.mark.long
def test_no_step_earns_a_point(name):
    steps = shown(name)
    assert any("smallest input" in step for step in steps)
    tried = {part for step in steps for part in snippets(step)}
    assert len(tried) > 50
    assert {part: worth(name, part) for part in tried if worth(name, part)} == {}


def test_what_is_submitted_can_earn_points():
    """The test above sees an answer when there is one."""
    assert worth("cosine_similarity", "np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b))") > 0.5


def test_a_cause_decides_the_example_before_its_check_does():
    far, axis = ladder.words()["softmax"]["topics"]["shift"], ladder.words()["softmax"]["topics"]["axis"]
    assert ladder.steps("softmax", "rows", None, "no_shift+over_columns")[1:] == [far["worked"], far["above"]]
    assert ladder.steps("softmax", "rows", None, None, "reach_in_a_table")[1] == axis["worked"]
    assert ladder.steps("softmax", "far_from_zero", None)[1] == far["worked"]
    assert "this input" in ladder.steps("softmax", "rows", "Here.")[0].removeprefix("Here. ")
    assert ladder.steps("gelu", "rows", None) == []


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x: np.exp(x), "`softmax(x = [[0, 1], [2, 0.5]])`. That call returned `[[1, 2.718], [7.389, 1.649]]`"),
        (lambda x: [1], "That call returned a list and should return"),
        (lambda x: x.reshape(7, -1), "It stops at line "),
        (lambda x: np.ones((3, 50)), "That call returned an array of shape [3, 50] and should return"),
    ],
)
def test_the_smallest_input_says_what_came_and_what_should_have(function, said):
    assert said in run(feedback.load_exercise("softmax").checks, Local(function, "softmax"))[0].example


def test_no_message_holds_a_long_array():
    from gptkit.checks.cases import Stored

    stored = Stored("cosine_similarity", "(a, b)")
    said = stored.smallest(Local(lambda a, b: a * b, "cosine_similarity"), stored.groups["embeddings"])
    assert said.startswith("The smallest input here that shows it: two embeddings. That call returned an array of")
