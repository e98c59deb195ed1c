"""check() is kind: marks, words and points; one line on stderr only when a check fails; never a traceback."""

import builtins
import sys

import gptkit
import numpy as np
import pytest
from gptkit.checks import ladder
from gptkit.checks.core import Exercise, Failed
from gptkit.notebook import feedback

FAKE = Exercise("softmax", "(x)")


@FAKE.check(share=0.1)
def same_shape(softmax):
    """The shape stays."""
    if softmax(np.ones(2)).shape != (2,):
        raise Failed("It is <another> shape.", "Which axis went?")


@FAKE.check(share=0.4, value=True)
def sums_to_one(softmax):
    """Each row sums to 1."""
    total = softmax(np.ones(2)).sum()
    if abs(total - 1) > 1e-6:
        raise Failed(f"The row sums to {total:g}.", "What is it divided by?")


def softmax(x):
    return np.exp(x) / np.exp(x).sum()


def wrong(x):
    return np.exp(x)


wrong.__name__ = "softmax"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Each test starts with no function done, and with checks whose results it knows."""
    monkeypatch.setattr(feedback, "yours", {})
    monkeypatch.setattr(feedback, "load_exercise", lambda name: FAKE)


def test_right_function_passes_without_a_word_on_stderr(capsys):
    gptkit.check(softmax)
    out, err = capsys.readouterr()
    assert err == ""
    assert "softmax: 5 of 5 points" in out
    assert out.count("[x]") == 2
    assert "Visible checks only: more are run when this is graded and decide 5 of its 10 points." in out
    assert "1 of 5 functions done; GPT-2 is running on your softmax." in out


def test_wrong_function_is_told_why_and_prints_one_line_to_stderr(capsys):
    gptkit.check(wrong)
    out, err = capsys.readouterr()
    assert "The row sums to 5.43656." in out and "What is it divided by?" in out
    assert err.count("\n") == 1 and err.startswith("softmax: 1 of 2 visible checks pass. The row")
    assert "0 of 5 functions done; GPT-2 still runs on the kit's own functions." in out


def test_property_alone_earns_nothing(capsys):
    gptkit.check(wrong)
    out = capsys.readouterr().out
    assert "softmax: 0 of 5 points" in out
    assert "These points count once a check of values passes too." in out


def test_what_is_found_twice_is_pointed_to_and_what_is_not_reached_says_so():
    def raises(x):
        raise ValueError("no")

    def stub(x):
        raise NotImplementedError

    twice = [found for *_, found, _, _ in feedback.examine("softmax", {"softmax": raises}).rows()]
    assert "raised ValueError" in twice[0] and twice[1:] == ["As above."]
    assert [found for *_, found, _, _ in feedback.examine("softmax", {"softmax": stub}).rows()][1:] == ["Not reached."]


def test_stub_is_not_a_fault(capsys):
    def softmax(x):
        raise NotImplementedError("not written yet")

    gptkit.check(softmax)
    assert capsys.readouterr().err == "softmax is not written yet.\n"
    assert "✗" not in feedback.examine("softmax", {"softmax": softmax})._repr_html_()


def test_function_that_raises_shows_its_message_and_no_traceback(capsys):
    def softmax(x):
        return x / undefined_name  # noqa: F821

    gptkit.check(softmax)
    out, err = capsys.readouterr()
    assert "raised NameError" in out and "undefined_name" in out
    assert "Traceback" not in out + err


def test_what_a_function_prints_and_warns_is_kept_apart_and_short(capsys):
    def softmax(x):
        print("looking at", x.shape)
        sys.stderr.write("noise\n" * 100)
        return np.exp(x) / np.exp(x).sum()

    gptkit.check(softmax)
    out, err = capsys.readouterr()
    assert err == ""
    assert "looking at (2,)" in out and out.count("noise") < feedback.PRINTED_LINES + 1


def test_function_that_breaks_again_is_taken_out_of_the_model(capsys):
    gptkit.check(softmax)
    assert feedback.yours == {"softmax": softmax}
    gptkit.check(wrong)
    assert feedback.yours == {}


def test_lambda_is_known_by_the_notebooks_variable(capsys, monkeypatch):
    mine = lambda x: np.exp(x) / np.exp(x).sum()  # noqa: E731
    monkeypatch.setattr(sys.modules["__main__"], "softmax", mine, raising=False)
    gptkit.check(mine)
    assert "softmax: 5 of 5 points" in capsys.readouterr().out


@pytest.mark.parametrize("given", [(3,), (), (print,), (softmax, softmax)])
def test_anything_else_gets_one_kind_line(given, capsys):
    gptkit.check(*given)
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("check() ") and err.count("\n") == 1


def test_overwritten_function_is_told(capsys, monkeypatch):
    monkeypatch.setattr(sys.modules["__main__"], "softmax", 0.5, raising=False)
    gptkit.check(sys.modules["__main__"].softmax)
    assert capsys.readouterr().err == "softmax is not a function any more: it is a float.\n"


def test_function_that_is_not_defined_yet_is_told(capsys, monkeypatch):
    notebook = sys.modules["__main__"]
    monkeypatch.setattr(builtins, "__IPYTHON__", True, raising=False)
    for name in feedback.FUNCTIONS:
        monkeypatch.setattr(notebook, name, None, raising=False)
        monkeypatch.delattr(notebook, name)
    monkeypatch.setattr(notebook, "attention", softmax, raising=False)
    feedback.expect_functions()
    gptkit.check(notebook.softmax)
    assert capsys.readouterr().err == ("softmax is not defined: run the cell above, and fix it if it shows an error.\n")
    assert notebook.attention is softmax
    for name in feedback.FUNCTIONS:
        monkeypatch.delattr(notebook, name)


def test_stopping_the_checks_is_no_traceback(capsys):
    def softmax(x):
        raise KeyboardInterrupt

    gptkit.check(softmax)
    assert capsys.readouterr().err == "You stopped the checks before they were done.\n"


def test_html_escapes_what_students_wrote_and_has_a_sign_beside_each_colour():
    def softmax(x):
        print("<script>alert(1)</script>")
        raise ValueError("<img src=x onerror=alert(1)>")

    html = feedback.examine("softmax", {"softmax": softmax})._repr_html_()
    assert "<script>alert" not in html and "<img" not in html and "&lt;img" in html
    assert html.count("✗") == html.count(">not passed<") == 2  # for those who see, and those who hear


def test_done_functions_are_listed_as_a_sentence(monkeypatch):
    monkeypatch.setattr(feedback, "yours", dict.fromkeys(["attention", "softmax", "layer_norm"], softmax))
    assert feedback.progress().endswith("GPT-2 is running on your softmax, layer_norm and attention.")


def test_a_failed_check_unfolds_in_steps_each_inside_of_the_one_before():
    html = feedback.examine("softmax", {"softmax": wrong})._repr_html_()
    assert html.count("<details><summary>") == 3 and html.count("</div></details></details></details>") == 1
    assert "<script" not in html and "open>" not in html
    places = [html.index(title) for title in ladder.NEXT]
    assert places == sorted(places)


def test_plain_text_has_the_first_two_steps():
    text = " ".join(repr(feedback.examine("softmax", {"softmax": wrong})).split())
    look, *further = ladder.steps("softmax", "sums_to_one", None)
    assert look in text and not any(step in text for step in further)
    assert look not in repr(feedback.examine("softmax", {"softmax": softmax}))
