"""Protects the class report: who is counted for what, what is called alike, and that no text harms the page."""

import csv
import io
import json
import re
import shutil

import pytest
from tests.autograder.reports.test_report import HOSTILE, Tags

from autograder.doors.command import main
from autograder.notebooks import similarity as similar
from autograder.reports.class_page import page
from autograder.reports.class_statistics import ClassReport, by_student, table
from tests.autograder.doors.class_of_forty import make
from tests.submissions.build import HERE, all_submissions, build, edit, start

NO_SHIFT = "Scores far from zero give NaN, because exp of them is 0 or infinity."


def check(name, message="", mistake=None, **other):
    """A check of a record; passed when nothing is said about it."""
    failed = {"passed": not message, "earned": 0.0 if message else 1.0, "points": 1.0, "hidden": False}
    return {"name": name, **failed, "message": message or "It holds.", "mistake": mistake, "hint": None, **other}


def record(student, *exercises, score=50.0, **other):
    """A record with (name, status, *checks) for each exercise."""
    listed = [{"name": n, "score": 5.0, "max_score": 10.0, "status": s, "checks": c} for n, s, *c in exercises]
    base = {"schema": 1, "submission": f"{student}/gpt2/gpt2.ipynb", "assignment": "gpt2", "model": "tiny"}
    base |= {"isolation": "process", "score": score, "max_score": 90.0, "seconds": 0.5}
    return {**base, "exercises": listed, "notes": [], **other}


def counted(*records):
    """{(exercise, mistake or fact): students} of a class."""
    report = ClassReport(by_student(list(records)))
    return {(m.exercise, m.name or m.fact): list(m.who) for m in report.mistakes}


def test_a_student_counts_once_for_a_mistake_with_the_catalogue_s_words():
    twice = ("softmax", "partial", check("a", "x raised.", "no_shift"), check("b", "y", "no_shift"))
    report = ClassReport(by_student([record("ada", twice), record("bo", twice)]))
    [mistake] = report.mistakes
    assert (mistake.fact, list(mistake.who)) == (NO_SHIFT, ["ada", "bo"])


def test_two_mistakes_at_once_are_counted_as_two():
    both = ("layer_norm", "failed", check("a", "x", "no_eps+no_gain"))
    assert counted(record("ada", both)) == {("layer_norm", "no_eps"): ["ada"], ("layer_norm", "no_gain"): ["ada"]}


def test_a_mistake_is_not_counted_where_it_is_felt_again():
    softmax = ("softmax", "partial", check("a", "x", "no_shift"))
    attention = ("attention", "failed", check("a", "x", "no_scale+no_shift"))
    whole = ("end_to_end", "partial", check("a", "It leaves its way.", None))
    assert counted(record("ada", softmax, attention, whole)) == {
        ("softmax", "no_shift"): ["ada"],
        ("attention", "no_scale"): ["ada"],
    }


def test_what_fails_with_right_helpers_is_news():
    softmax = ("softmax", "partial", check("a", "x", "no_shift"))
    attention = ("attention", "failed", check("a", "With a right softmax in place of yours: the shape is wrong."))
    assert counted(record("ada", softmax, attention))["attention", "the shape is wrong."] == ["ada"]


def test_errors_are_one_row_with_everybody_s_own_words():
    raised = [("softmax", "error", check("a", f"softmax raised {kind}.")) for kind in ("KeyError", "NameError")]
    report = ClassReport(by_student([record("ada", raised[0]), record("bo", raised[1])]))
    [mistake] = report.mistakes
    assert mistake.who == {"ada": "softmax raised KeyError.", "bo": "softmax raised NameError."}
    assert "NameError" in page(report)


def test_what_was_not_reached_or_not_written_says_nothing_about_a_check():
    written = ("softmax", "crashed", check("first"), check("second", "Not reached: it crashed."))
    missing = ("softmax", "missing", check("first", "softmax is not written yet."), check("second", "Not reached."))
    first, second = ClassReport(by_student([record("ada", written), record("bo", missing)])).checks
    assert (first.reached, first.passed, second.reached) == (1, 1, 0)


def test_names_tell_students_apart():
    assert list(by_student([record("ada"), record("bo")])) == ["ada", "bo"]
    flat = [record("x", submission="gpt2.ipynb"), record("x", submission="gpt2.ipynb")]
    assert list(by_student(flat)) == ["gpt2.ipynb", "gpt2.ipynb #2"]


def hostile_class(said):
    """Two records with a text of a student's wherever one can stand, and a group of alike answers."""
    failed = ("softmax", "failed", check("a", f"{said} ", hint=said, says=said))
    raised = ("layer_norm", "error", check("b", said))
    records = [record(said, failed, raised, notes=[said]), record("bo", failed)]
    students = by_student(records)
    return ClassReport(students, [similar.Group(list(students), 0.9, [said], [said, said])])


def test_no_text_of_a_student_s_becomes_markup():
    plain, hostile = (Tags(page(hostile_class(said))).seen for said in ("x", HOSTILE))
    assert [tag for tag, _ in plain] == [tag for tag, _ in hostile]
    assert {name for _, attributes in hostile for name, _ in attributes if name.startswith("on")} == set()


def test_figures_hold_for_any_maximum_and_name():
    for full in (0, 3, 23, 100, 1000):
        exercise = (r"a $\frac{ & <b>", "passed", check("a"))
        shown = page(ClassReport(by_student([record("ada", exercise, score=full, max_score=full)])))
        assert shown.count("<svg") == 2 and '<b>"' not in shown


def test_the_page_needs_nothing_from_elsewhere():
    tags = Tags(page(hostile_class("x"))).seen
    assert not {tag for tag, _ in tags} & {"script", "link", "img", "iframe", "object", "base", "form"}
    links = [value for _, attributes in tags for name, value in attributes if name in ("src", "href", "xlink:href")]
    assert all(value.startswith("#") for value in links)
    assert not re.search(r"url\((?!#)|@import", page(hostile_class("x")))


@pytest.mark.parametrize("students", [1, 3])
def test_a_class_without_mistakes_or_points_has_a_page(students):
    for score, status in ((90.0, "passed"), (0.0, "missing")):
        exercise = ("softmax", status, check("a", "" if score else "softmax is not written yet."))
        shown = page(ClassReport(by_student([record(f"s{i}", exercise, score=score) for i in range(students)])))
        assert "None: nobody made one." in shown and f"{students} notebooks" in shown


def test_the_table_has_a_row_for_everybody_and_no_formula():
    one = record("=1+1", ("softmax", "partial", check("a"), check("b", "x", "no_shift")), notes=["@x"])
    rows = list(csv.DictReader(io.StringIO(table(ClassReport(by_student([one, record("bo")]))))))
    assert [row["student"] for row in rows] == ["'=1+1", "bo"]
    assert (rows[0]["softmax mistakes"], rows[0]["softmax: a"], rows[0]["softmax: b"]) == ("no_shift", "1", "0")
    assert rows[0]["notes"] == "'@x" and rows[1]["softmax"] == ""


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_command_grades_a_folder_and_reads_the_records_of_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def written(name):
        """The page and the table's rows, without what a clock says."""
        rows = list(csv.DictReader((tmp_path / f"{name}.csv").open()))
        html = re.sub("<p><b>Slowest.*", "", (tmp_path / f"{name}.html").read_text())
        return html, [row | {"seconds": ""} for row in rows]

    for student, sample in (("ada", "right/loops"), ("bo", "wrong/three_mistakes"), ("cleo", "right/loops")):
        build(HERE / f"{sample}.py", tmp_path / "submitted" / student / "gpt2" / "gpt2.ipynb")
    assert main(["report", "submitted"]) == 0
    assert "3 notebooks, 81.5 of 90" in capsys.readouterr().out
    graded = written("gpt2-report")
    assert "The gains g are not used." in graded[0] and "<b>ada, cleo</b>: 100% the same" in graded[0]
    assert main(["grade", "submitted", "--json", "results.json"]) == 0
    assert main(["report", "results.json", "--notebooks", "submitted", "--html", "out/class.html"]) == 0
    assert written("out/class") == graded
    assert main(["report", "results.json", "--html", "out/class.html"]) == 0
    assert "Not looked for" in (tmp_path / "out" / "class.html").read_text()


@pytest.mark.parametrize(
    "content, said",
    [
        (None, "cannot be read (No such file"),
        ("{", "not valid JSON"),
        ("[]", "not the records"),
        ('[{"schema": 1}]', "not the records"),
        (json.dumps([record("ada") | {"score": float("nan")}]), "not the records"),
        (json.dumps([record("ada"), record("bo") | {"assignment": "bert"}]), "not the records of one assignment"),
        (json.dumps([record("ada", ("softmax", "passed", "no check"))]), "not the records"),
    ],
)
def test_what_is_no_record_is_one_clear_line(content, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    assert main(["report", "results.json"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0]


def test_other_wrong_commands_are_one_clear_line_too(tmp_path, capsys):
    good = tmp_path / "results.json"
    good.write_text(json.dumps([record("ada")]))
    (tmp_path / "file").write_text("")
    for words, said in (
        ([tmp_path / "file"], "neither a folder"),
        ([tmp_path / "nowhere"], "no such file or folder"),
        ([good, "--notebooks", tmp_path], "none of the notebooks"),
        ([good, "--html", tmp_path / "file" / "page.html"], "cannot be written"),
    ):
        assert main(["report", *map(str, words)]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and said in lines[0]


# -- near-identical answers --------------------------------------------------------------------------------------------

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
