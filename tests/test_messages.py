"""Protects the words: every message a student can see stands in docs/messages.md, short and free of blame.

`python -m tests.test_messages` writes the file anew.
"""

import ast
import os
import re
import shutil
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from gptkit.checks import ladder
from gptkit.checks.cases import Stored
from gptkit.checks.core import Result, raised, too_slow, unfinished
from gptkit.checks.ladder import NEXT
from gptkit.checks.words import QUESTIONS, example
from gptkit.notebook.feedback import Feedback

from autograder.exercises import EXERCISES, modules
from autograder.grading import Grader
from autograder.notebooks.choosing import choose
from autograder.notebooks.opening import what_it_is
from autograder.notebooks.submission import Release
from autograder.record import CheckResult, ExerciseResult
from autograder.reports.words import message
from autograder.sandbox import replies
from autograder.settings import Limits, Settings
from tests.submissions.build import build

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "messages.md"
KIT = ROOT / "source" / "gpt2" / "gptkit"


def room_of(name: str) -> list[Path]:
    return sorted((ROOT / "autograder" / name).glob("*.py"))


SPOKEN = {  # where sentences that reach a student are written
    "While a function is checked": sorted((KIT / "checks").glob("*.py")),
    "In the notebook": [KIT / "notebook/feedback.py", KIT / "engine/complete.py", KIT / "engine/model.py"],
    "While a notebook is graded": [
        *(p for room in ("sandbox", "notebooks", "grading") for p in room_of(room) if p.stem != "isolation"),
        *(ROOT / "autograder/reports" / name for name in ("pages.py", "words.py")),
    ],
}
CHECKS = {name: import_module(f"gptkit.checks.{name}") for name in modules()}
MEASURED = {name: checks.stored.probes for name, checks in CHECKS.items() if hasattr(checks, "stored")}
BLAME = re.compile(
    r"\b(wrong|incorrect|bad|mistaken|forgot|forgotten|stupid|obvious|obviously|simply|should have)\b", re.I
)
CATALOGUED = [name for name, module in modules().items() if hasattr(module, "catalogue")]
MERGED = b"<<<<<<< HEAD\n=======\n>>>>>>> theirs\n"
FRAGMENTS = {"Ended", "_gone"}  # their texts complete "softmax ..."
COMPLETED = {"_used_up", "ending"}  # and so does what these functions return
FOR_INSTRUCTORS = {
    "UsageError",
    "CannotGrade",
    "Lost",
    "Lacking",
    "Unavailable",
    "NbGraderException",
    "TypeError",
    "ValueError",
}  # whoever reads these is the one who grades


def template(node: ast.AST) -> str | None:
    """The text of a string or f-string, with {name} or … for what is filled in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = [str(p.value) if isinstance(p, ast.Constant) else filled_in(p.value) for p in node.values]
        return re.sub("…+", "…", "".join(parts))
    return None


def filled_in(node: ast.AST) -> str:
    name = getattr(node, "id", getattr(node, "attr", None))
    return f"{{{name}}}" if name else "…"


def sentences(path: Path) -> list[str]:
    """Sentences (and fragments of such) in a module's strings, docstrings left out, in the order of the file."""
    tree, found = ast.parse(path.read_text("utf-8")), []
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    skipped = {id(n.body[0].value) for n in ast.walk(tree) if isinstance(n, documented) and ast.get_docstring(n)}

    def visit(node: ast.AST) -> None:
        text = None if id(node) in skipped else template(node)
        if text is not None:
            if re.fullmatch(r"[\w…{`][^\n]* [^\n]*[.?]", text):
                found.append(text)
            return
        called = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
        if called in FOR_INSTRUCTORS or called == "visible_check":  # the second stands under "What is checked"
            return
        if called in FRAGMENTS or (isinstance(node, ast.FunctionDef) and node.name in COMPLETED):
            returned = [n.value for n in ast.walk(node) if isinstance(n, ast.Return) and n.value]
            texts = [t for t in map(template, node.args if called else returned) if t and " " in t]
            found.extend(f"softmax {t}." for t in texts)
            return
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return found


def rendered() -> dict[str, list[str]]:
    """Messages of the kinds that no single string holds, each made by the code that makes it for a student."""
    check = CheckResult("rows", 1.0, 0.0, False, True, "Each column sums to 1.", hint="Along which axis?")
    whole = ExerciseResult("softmax", 0.0, 1.0, "failed", [check])
    with_right, third = replace(whole, replaced=["softmax"]), replace(whole, replaced=["softmax"], paid=1 / 3)
    two_wrong, late = replace(whole, paid=1 / 3), replace(check, reached=False, fact="softmax is not written yet.")
    modules_ = {"torch": "No module named 'torch'", "numpy.nothing": "No module named 'numpy.nothing'"}
    raised_ = [{"type": "ModuleNotFoundError", "text": said, "module": name} for name, said in modules_.items()]
    files = [
        b"",
        b"PK\x03\x04word/",
        b"PK\x03\x04",
        b"%PDF",
        b"<html>",
        b"a\0",
        b"[1]",
        b"import numpy",
        b"An essay",
        MERGED,
    ]
    with TemporaryDirectory() as folder:
        for name in ("first.ipynb", "second.ipynb"):
            shutil.copy(ROOT / "source/gpt2/gpt2.ipynb", Path(folder) / name)
        os.utime(Path(folder) / "first.ipynb", (0, 0))
        several = choose(Path(folder), Release.of(Settings.from_environment())).notes
    return {
        "A process that ended": [f"softmax {replies.ending(code, False)}." for code in (None, 0, 3, -9, -11)],
        "A module that is not there": [replies.raised(error, "softmax", [], False).fact for error in raised_],
        "A right function in place of a wrong one": [message(one, check) for one in (with_right, third, two_wrong)],
        "A check that was not reached": [message(whole, late)],
        "A check that passed and earns nothing": [
            message(whole, replace(check, passed=True, fact="Each row sums to 1."))
        ],
        "A file that is no notebook": [f"gpt2.ipynb {what_it_is(data)}" for data in files],
        "Several notebooks": several,
        "A function that took too long": [f"{too_slow('softmax', 10.0).fact} {too_slow('softmax', 10.0).question}"],
        "A function that raised": [raised("softmax", ValueError("no such axis")).fact],
        "A stub": [unfinished("attention", name, True, "").fact for name in ("attention", "softmax")],
        "Below a list of marks": feedback_on([True, False]).footer,
        "A line for nbgrader's Validate button": [feedback_on([True, False]).summary],
        "The smallest input": [
            example("softmax", ["x"], (np.array([0.0, 1.0]),), "raised ValueError", np.ones(2) / 2, "one row")
        ],
        "Where to click": list(NEXT),
    }


def feedback_on(passed: list[bool]) -> Feedback:
    checks = EXERCISES["softmax"].checks[::-1][-len(passed) :]
    results = [
        Result(c, ok, c.says if ok else "Each column sums to 1.", status="passed" if ok else "failed")
        for c, ok in zip([EXERCISES["softmax"].checks[3], checks[-1]], passed, strict=True)
    ]
    return Feedback("softmax", results, 10.0)


def page() -> str:
    """What docs/messages.md should hold."""
    parts = [
        "# Every message a student can see\n",
        "For teachers, to read and to improve. Made from the code by `python -m tests.test_messages`: to change a\n"
        "message, change it where it is written and run that again. {name} and … stand for what is filled in.\n",
    ]
    for name, checks in ((name, exercise.checks) for name, exercise in EXERCISES.items()):
        parts += [f"## {name}\n", "What is checked:\n"]
        parts += [f"- {c.says}{' *(hidden)*' if c.hidden else ''}" for c in checks]
        catalogue = getattr(modules()[name], "catalogue", None)
        if catalogue:
            parts += ["\nKnown mistakes:\n", "| mistake | what is said | what is asked |", "| --- | --- | --- |"]
            parts += [f"| {m} | {fact} | {ask} |" for m, (fact, ask) in catalogue.words.items()]
            pairs = [m for m in Stored(name, "(x)").mistakes if "+" in m]
            if pairs:
                fact, ask = Stored(name, "(x)").mistakes[pairs[0]]
                parts.append(f"\n{len(pairs)} pairs of these are known too; the first: “{fact}” “{ask}”")
        if name in MEASURED:
            parts += ["\nMeasured:\n", "| what is said | what is asked |", "| --- | --- |"]
            parts += [f"| {fact.replace('{}', '…')} | {ask} |" for fact, ask in MEASURED[name].words.values()]
        parts.append("")
    parts += ["## Steps that unfold below a failed check\n"]
    parts += [f"- *{where}*: {text}" for where, text in unfolded().items()]
    parts += ["", "## As they are read\n", "Messages that are put together, one of each kind as a student reads it.\n"]
    parts += [f"- {kind}: {text}" for kind, texts in rendered().items() for text in texts]
    parts.append("")
    parts += ["## After an exception\n", *(f"- {question}" for question in asked_after()), ""]
    for title, paths in SPOKEN.items():
        parts += [f"## {title}\n"]
        parts += [f"- {text}" for text in dict.fromkeys(t for path in paths for t in sentences(path))]
        parts.append("")
    return "\n".join(parts)


def unfolded() -> dict[str, str]:
    """Every text of the ladder, by where it stands."""
    found = {f"{name}, 2": ladder.words()[name]["look"] for name in EXERCISES}
    for name in [*EXERCISES, "every"]:
        topics = ladder.words()[name]["topics"] if name in EXERCISES else ladder.words()[name]
        for topic, about in topics.items():
            keys = {"look": 2, "worked": 3, "above": 4}
            found |= {f"{name}, {topic}, {step}": about[key] for key, step in keys.items() if key in about}
    return found


def asked_after() -> list[str]:
    """The questions about calls that raised, whatever by."""
    return list(dict.fromkeys(question for kind in QUESTIONS.values() for question in kind.values()))


def messages() -> list[str]:
    """All of them, one by one."""
    said = [text for paths in SPOKEN.values() for path in paths for text in sentences(path)]
    said += [c.says for exercise in EXERCISES.values() for c in exercise.checks]
    stored = [Stored(n, "(x)") for n, m in modules().items() if hasattr(m, "catalogue")]
    said += asked_after()
    said += [text for probes in MEASURED.values() for words in probes.words.values() for text in words]
    return said + [text for s in stored for words in s.mistakes.values() for text in words]


def test_the_page_is_fresh():
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.test_messages`"


def test_every_message_has_at_most_two_sentences():
    steps = "The smallest input"  # the second step, which is longer
    long = [m for m in messages() if not m.startswith(steps) and len(re.findall(r"[.?!:](?= [A-Z]|$)", m)) > 2]
    assert not long


def test_no_message_blames():
    said = [re.sub(r"{.*?}|goes wrong at|and should return", "", m) for m in [*messages(), *unfolded().values()]]
    assert [m for m in said if BLAME.search(m)] == []


@pytest.mark.parametrize("name", [n for n, m in modules().items() if hasattr(m, "catalogue")])
def test_a_mistakes_words_are_one_fact_and_one_question(name):
    for mistake, words in Stored(name, "(x)").mistakes.items():
        fact, question = words
        assert fact.endswith(".") and question.endswith("?"), mistake
        assert len(re.findall(r"[.?!](?= [A-Z]|$)", f"{fact} {question}")) == 2, mistake


@pytest.mark.parametrize("name", MEASURED)
def test_what_is_measured_is_told_in_a_fact_and_a_question(name):
    for measured, (fact, question) in MEASURED[name].words.items():
        assert fact.endswith(".") and question.endswith("?") and question.count("?") == 1, measured


def test_words_that_are_collected_are_those_that_are_said():
    """The collecting itself sees f-strings, plain strings and fragments."""
    said = " ".join(messages())
    for words in (
        "{name} returned None.",
        "is not written yet.",
        "took longer than",
        "Is your `eps` inside the square root?",
    ):
        assert words in said


KINDS = {  # words of a message -> nothing but these words tells that its kind stands on the page
    "used too much memory": "A process that ended",
    "ended the Python process (exit code": "A process that ended",
    "is not available while grading": "A module that is not there",
    "With a right softmax in place of yours": "A right function in place of a wrong one",
    "With two wrong functions": "A right function in place of a wrong one",
    "Not reached": "A check that was not reached",
    "counts; there are also": "Several notebooks",
    "is a PDF": "A file that is no notebook",
    "is a Word document": "A file that is no notebook",
    "is a Python program": "A file that is no notebook",
    "visible checks pass": "A line for nbgrader's Validate button",
    "decide": "Below a list of marks",
    "The smallest input here that shows it": "The smallest input",
}


def lacking(text: str) -> list[str]:
    """The messages that a page does not hold as they are read."""
    lines = set(text.splitlines())
    return [said for kind, texts in rendered().items() for said in texts if f"- {kind}: {said}" not in lines]


@pytest.mark.parametrize("words", KINDS)
def test_each_kind_stands_on_the_page_as_it_is_read(words):
    text = PAGE.read_text("utf-8")
    assert any(words in said for said in rendered()[KINDS[words]])
    assert lacking(text) == []
    without = "\n".join(line for line in text.splitlines() if words not in line)
    assert any(words in said for said in lacking(without))


def patterns(text: str) -> list[re.Pattern]:
    """What the page's lines match; those with hardly a word of their own are left out, as they match anything."""
    kinds = "|".join(map(re.escape, rendered()))
    lines = [cell for line in text.splitlines() for cell in re.split(rf" \| |^\| | \|$|^- (?:(?:{kinds}): )?", line)]
    bare = [re.sub(r"^softmax ", "… ", line.removesuffix(" *(hidden)*")) for line in lines]
    filled = [re.split(r"…|{\w+}", line) for line in bare]
    pairs = [fact for n in CATALOGUED for m, (fact, _) in Stored(n, "(x)").mistakes.items() if "+" in m]
    return [re.compile(".*".join(map(re.escape, p)), re.S) for p in [*filled, *zip(pairs)] if len("".join(p)) > 8]


GRADED = {  # cells of the released notebook -> what they hold
    "stubs": {},
    "an import": {"softmax": "import torch\n\ndef softmax(x):\n    return torch.softmax(x, -1)"},
    "columns": {"softmax": "def softmax(x):\n    e = np.exp(x)\n    return e / e.sum(axis=0)"},
    "an exit": {"layer_norm": "import os\n\ndef layer_norm(x, g, b, eps=1e-5):\n    os._exit(3)"},
    "None": {"attention": "def attention(q, k, v, mask):\n    pass"},
    "magic": {"softmax": "%matplotlib inline\nsoftmax = 3"},
    "places": {"sample_top_n": "def sample_top_n(logits, n, rng):\n    return int(rng.integers(n))"},
}


@pytest.fixture(scope="module")
def grader():
    with Grader(Settings(seed="0", verdicts=None, limits=Limits(call_seconds=3.0))) as grader:
        yield grader


@pytest.mark.parametrize("name", GRADED)
def test_what_grading_says_stands_on_the_page(grader, name, tmp_path):
    cells = "\n".join(f"# %% {cell}\n{source}" for cell, source in GRADED[name].items())
    start = "release" if name == "stubs" else "solution"
    (tmp_path / "sample.py").write_text(f'"""A sample.\n\nstart: {start}\n"""\n{cells}\n')
    build(tmp_path / "sample.py", tmp_path / "work.ipynb")
    record = grader.grade(tmp_path / "work.ipynb", "work.ipynb")
    assert record.error is None
    failed = [check for e in record.exercises for check in e.checks if not check.passed]
    said = {*record.notes, *(c.fact for c in failed), *(c.hint for c in failed if c.hint), *(c.says for c in failed)}
    known = patterns(PAGE.read_text("utf-8"))
    assert [text for text in said if not any(p.fullmatch(text) for p in known)] == []


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
