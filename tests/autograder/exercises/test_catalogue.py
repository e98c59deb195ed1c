"""Protects the catalogue of known mistakes: how it is written, combined and stored, and when it refuses."""

import json

import numpy as np
import pytest
from gptkit.checks.cases import close, load

from autograder.exercises import modules
from autograder.exercises.catalogue import Catalogue, output, single


def doubling():
    """A catalogue of an exercise f(x) = 2 x + 1."""

    def variants(x, factor=2, added=1):
        return factor * x + added

    catalogue = Catalogue("f", lambda x: 2 * x + 1, "[n]", variants)
    catalogue.visible("some", [1, 2], label="two numbers")
    return catalogue


def read(catalogue, folder, entries, steps=None, **formulas):
    """Register mistakes given as {name: (change of parameters or None, fact, question)}; `steps`: {name: step}."""
    told = {
        name: {"fact": fact, "question": question} | ({"change": change} if change else {})
        for name, (change, fact, question) in entries.items()
    }
    for name, step in (steps or {}).items():
        told[name]["step"] = step
    (folder / "f.json").write_text(json.dumps({"mistakes": told}))
    catalogue.read(folder / "f.json")
    catalogue.formulas(**formulas)


def test_a_mistake_of_its_own_formula_has_its_words_beside_the_others(tmp_path):
    catalogue = doubling()
    read(catalogue, tmp_path, {"nothing": (None, "It is always 0.", "What is x for?")}, nothing=lambda x: 0 * x)
    wrong, words = catalogue.mistakes()["nothing"]
    assert words == ["It is always 0.", "What is x for?"] and wrong(3) == 0


def test_a_mistake_without_a_change_needs_a_formula(tmp_path):
    with pytest.raises(ValueError, match="missing for nothing"):
        read(doubling(), tmp_path, {"nothing": (None, "It is always 0.", "What is x for?")})
    with pytest.raises(ValueError, match="missing for something"):
        read(doubling(), tmp_path, {}, something=abs)


def test_cases_that_a_person_typed_are_read_by_group(tmp_path):
    catalogue = Catalogue("f", lambda x, by: by * x, "[n]")
    said = {"cases": {"some": [{"label": "two numbers", "args": [[1, 2], 3]}]}, "mistakes": {}}
    (tmp_path / "f.json").write_text(json.dumps(said))
    catalogue.read(tmp_path / "f.json")
    (case,) = catalogue.groups["some"]
    assert case.args[0].dtype == np.float32 and case.args[1] == 3 and case.expected.tolist() == [3, 6]
    assert case.label == "two numbers" and case.shown


def test_two_variants_are_known_together_unless_they_change_the_same(tmp_path):
    catalogue = doubling()

    told = {
        "tripled": ({"factor": 3}, "It triples.", "How much is twice?"),
        "quadrupled": ({"factor": 4}, "2 becomes 8.", "How much is twice?"),
        "nothing_added": ({"added": 0}, "The 1 is missing.", "What is added?"),
    }
    read(catalogue, tmp_path, told, steps={"quadrupled": "It takes four times as much."})
    catalogue.write(tmp_path)
    groups, words = load(tmp_path / "f.npz")
    assert list(words) == [
        "tripled",
        "quadrupled",
        "nothing_added",
        "tripled+nothing_added",
        "quadrupled+nothing_added",
    ]
    assert words["tripled+nothing_added"] == [
        "It triples, and the 1 is missing.",
        "How much is twice?",
    ]
    assert words["quadrupled"][0] == "2 becomes 8."
    assert words["quadrupled+nothing_added"][0] == "It takes four times as much, and the 1 is missing."
    (case,) = groups["some"]
    assert case.expected.tolist() == [3, 5]
    assert case.fingerprints["tripled+nothing_added"].tolist() == [3, 6]


def test_mistakes_that_the_visible_cases_cannot_tell_apart_are_refused(tmp_path):
    catalogue = doubling()
    told = {"same_as_right": (None, "A fact.", "A question?")}
    read(catalogue, tmp_path, told, same_as_right=lambda x: x + x + 1)
    with pytest.raises(ValueError, match="same_as_right returns what the reference returns"):
        catalogue.write(tmp_path)


def test_a_name_is_proved_on_inputs_of_which_some_show_it(tmp_path):
    catalogue = doubling()
    read(catalogue, tmp_path, {"nothing": (None, "A fact.", "A question?")}, nothing=lambda x: 0 * x)
    catalogue.drawn("some")(lambda rng: [(rng.normal(size=3),)])
    catalogue.write(tmp_path)
    kept, fresh = load(tmp_path / "f.npz")[0]["proofs"], catalogue.prove("nothing")
    assert kept[0].args[0].dtype == np.float32 and (kept[0].args[0] != fresh[0].args[0]).all()
    assert fresh[0].fingerprints["nothing"].tolist() == [0, 0, 0]
    catalogue.drawn("some")(lambda rng: [(np.full(3, -0.5),)])  # where the reference returns 0 as well
    with pytest.raises(ValueError, match="do not show nothing"):
        catalogue.write(tmp_path)


def test_raising_and_precision_leave_no_fingerprint():
    def raises(x):
        raise ValueError

    assert output(raises, (np.ones(2, np.float32),)) is None
    assert output(lambda x: x + 1e10 - 1e10, (np.ones(2, np.float32),)).size == 0
    assert output(lambda x: x / 0, (np.ones(2, np.float32),)).tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("effect", ["NaN", "sum to", "sums to", "so the", "so exp", "probabilit"])
def test_of_two_mistakes_together_is_told_what_is_done_for_what_comes_out_would_not_hold(effect):
    """`x ** 2 / sum(x ** 2)` is no exp that overflows, and exponentials alone give infinity, not NaN."""
    catalogues = [module.catalogue for module in modules().values() if hasattr(module, "catalogue")]
    pairs = {name: words[0] for c in catalogues for name, (_, words) in c.mistakes().items() if "+" in name}
    assert len(pairs) > 200 and not {name: told for name, told in pairs.items() if effect in told}


def passes(wrong, cases):
    """Whether a function's results are right for all cases."""
    results = [output(wrong, case.args) for case in cases]
    return all(
        r is not None and r.shape == c.expected.shape and close(r, c.expected)
        for r, c in zip(results, cases, strict=True)
    )


def test_a_mistake_that_a_visible_check_does_not_show_is_not_shown_by_the_drawn_cases_either():
    """Else it would be paid for twice, under a name that has nothing to do with it, and with some seeds only."""
    shown = []
    for module in modules().values():
        catalogue = getattr(module, "catalogue", None)
        for group, draw in catalogue.draws.items() if catalogue else ():
            hidden_here = [n for n, wrong in catalogue.singles.items() if passes(wrong, catalogue.groups[group])]
            for seed in range(40):
                drawn = [catalogue.case(*single(args), label="") for args in draw(np.random.default_rng(seed))]
                shown += [(group, n, seed) for n in hidden_here if not passes(catalogue.singles[n], drawn)]
    assert not shown
