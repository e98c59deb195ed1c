"""Protects the words: every message a student can see stands in docs/messages.md, short and free of blame.

`python -m tests.test_messages` writes the file anew.
"""

import ast
import re
from pathlib import Path

import pytest
from gptkit.checks.cases import Stored

from autograder.exercises import EXERCISES, modules

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "messages.md"
KIT = ROOT / "source" / "gpt2" / "gptkit"
SPOKEN = {  # where sentences that reach a student are written
    "While a function is checked": sorted((KIT / "checks").glob("*.py")),
    "In the notebook": [KIT / "notebook/feedback.py", KIT / "engine/complete.py", KIT / "engine/model.py"],
    "While a notebook is graded": [
        ROOT / "autograder" / f"{n}.py"
        for n in (
            "sandbox/proxy",
            "sandbox/replies",
            "notebooks/opening",
            "notebooks/choosing",
            "notebooks/submission",
            "notebooks/magics",
            "grading/grader",
        )
    ],
}
MEASURED = {name: m.stored.probes for name, m in modules().items() if hasattr(m, "stored") and m.stored.probes.calls}
BLAME = re.compile(
    r"\b(wrong|incorrect|bad|mistaken|forgot|forgotten|stupid|obvious|obviously|simply|should have)\b", re.I
)
FRAGMENTS = {"Ended", "_gone"}  # their texts complete "softmax ..."
COMPLETED = {"_used_up", "ending"}  # and so does what these functions return
FOR_INSTRUCTORS = {"UsageError", "CannotGrade", "Lost"}  # whoever reads these is the one who grades


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
        if called in FOR_INSTRUCTORS:
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
    for title, paths in SPOKEN.items():
        parts += [f"## {title}\n"]
        parts += [f"- {text}" for text in dict.fromkeys(t for path in paths for t in sentences(path))]
        parts.append("")
    return "\n".join(parts)


def messages() -> list[str]:
    """All of them, one by one."""
    said = [text for paths in SPOKEN.values() for path in paths for text in sentences(path)]
    said += [c.says for exercise in EXERCISES.values() for c in exercise.checks]
    stored = [Stored(n, "(x)") for n, m in modules().items() if hasattr(m, "catalogue")]
    said += [text for probes in MEASURED.values() for words in probes.words.values() for text in words]
    return said + [text for s in stored for words in s.mistakes.values() for text in words]


def test_the_page_is_fresh():
    assert PAGE.read_text("utf-8") == page(), "run `python -m tests.test_messages`"


def test_every_message_has_at_most_two_sentences():
    long = [m for m in messages() if len(re.findall(r"[.?!:](?= [A-Z]|$)", m)) > 2]
    assert not long


def test_no_message_blames():
    assert [m for m in messages() if BLAME.search(re.sub(r"{.*?}", "", m))] == []


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
        "Is your eps inside the square root?",
    ):
        assert words in said


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
