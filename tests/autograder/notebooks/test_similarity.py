"""Protects what is called nearly identical: copies in disguise, and nobody who wrote it alone."""

import json
import shutil

import pytest

from autograder.notebooks import similarity as similar
from autograder.notebooks.submission import Release
from autograder.settings import Settings
from tests.autograder.doors.class_of_forty import make
from tests.submissions.build import HERE, all_submissions, build, edit, start

ANSWER = """def sample_top_n(logits, n, rng):
    order = np.argsort(logits)[::-1]
    chosen = [int(i) for i in order[:n]]
    powers = np.exp(logits[chosen] - logits[chosen].max())
    chances = powers / powers.sum()
    total = 0.0
    drawn = rng.random() * 1.0 + total
    for place, chance in zip(chosen, chances):
        total = total + chance * 1
        if drawn <= total and chance > 0:
            return place
    return chosen[-1]
"""
OTHER = """def sample_top_n(logits, n, rng):
    cut = np.partition(logits, len(logits) - n)[len(logits) - n]
    kept = np.flatnonzero(logits >= cut)
    noise = rng.gumbel(size=kept.size)
    scores = {int(token): float(logits[token] + extra) for token, extra in zip(kept, noise)}
    best = max(scores, key=scores.get)
    while scores[best] != max(scores.values()):
        best = next(iter(scores))
    assert best in scores, "the best one is one of them"
    return best
"""


def found(folder, answers):
    """The groups among notebooks whose sample_top_n is one of these; the rest is as released."""
    paths = {}
    for i, source in enumerate(answers):
        nb = start("release")
        edit(nb, "sample_top_n", source, 0)
        paths[f"s{i}"] = folder / f"{i}.ipynb"
        paths[f"s{i}"].write_text(json.dumps(nb))
    return [group.members for group in similar.groups(paths, Release.of(Settings()))]


@pytest.mark.parametrize(
    "copy",
    [
        ANSWER,
        ANSWER.replace("powers", "e").replace("order", "ids").replace("logits", "x"),
        ANSWER.replace("    total = 0.0\n", "    # start\n    total = 0\n"),
        ANSWER.replace("total + chance * 1", "1 * chance + total").replace("rng.random() * 1.0", "1.0 * rng.random()"),
        ANSWER.replace("    total = 0.0\n", "    print('here')\n").replace(
            "    powers =", "    total = 0.0\n    powers ="
        ),
        ANSWER.replace("(logits, n, rng):", '(logits: np.ndarray, n: int, rng) -> int:\n    """Docs."""'),
    ],
    ids=["the same", "names", "comments and numbers", "order of terms", "order of statements", "annotations"],
)
def test_a_copy_in_disguise_is_found_and_another_way_is_not(copy, tmp_path):
    assert found(tmp_path, [ANSWER, OTHER, copy]) == [["s0", "s2"]]


def test_a_short_answer_is_not_enough(tmp_path):
    assert found(tmp_path, ["def sample_top_n(logits, n, rng):\n    return int(np.argmax(logits))\n"] * 2) == []


def test_what_much_of_the_class_wrote_alike_says_nothing(tmp_path):
    assert found(tmp_path, [ANSWER] * 6 + [OTHER, OTHER]) == [["s6", "s7"]]


def test_stubs_and_unreadable_notebooks_are_not_alike(tmp_path):
    paths = {}
    for sample in ["wrong/untouched"] * 3 + ["broken/not_json"] * 3:
        paths[f"s{len(paths)}"] = tmp_path / f"{len(paths)}.ipynb"
        build(HERE / f"{sample}.py", tmp_path / f"{len(paths) - 1}.ipynb")
    (tmp_path / "deep.ipynb").write_text(json.dumps(start("release")).replace("NotImplementedError", "(" * 5000))
    assert similar.groups({**paths, "deep": tmp_path / "deep.ipynb"}, Release.of(Settings())) == []


def test_in_a_class_of_forty_the_two_are_found(tmp_path):
    make(tmp_path)
    shutil.rmtree(tmp_path / "bo")
    paths = {p.relative_to(tmp_path).parts[0]: p for p in tmp_path.rglob("*.ipynb")}
    assert [sorted(g.members) for g in similar.groups(paths, Release.of(Settings()))] == [["mona", "nils"]]


def test_a_class_that_shares_the_answer_key_is_not_one_group(tmp_path):
    paths = {}
    for sample in all_submissions("wrong"):
        paths[sample.stem] = tmp_path / f"{sample.stem}.ipynb"
        build(sample, paths[sample.stem])
    assert all(len(group.members) <= 3 for group in similar.groups(paths, Release.of(Settings())))
