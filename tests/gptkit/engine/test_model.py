"""The engine computes what the textbook does: in every size's proportions, any split, with anything plugged in."""

from itertools import count, cycle, pairwise

import numpy as np
import pytest
from gptkit.engine import model
from gptkit.engine.model import GPT2, Cache
from hypothesis import given
from hypothesis import strategies as st
from picoGPT import gpt2_pico as textbook

from tests.drawing import few

SIZES = {"124M": (12, 12), "355M": (24, 16), "774M": (36, 20), "1558M": (48, 25)}  # n_layer, n_head
LONG = 75  # tokens: three chunks, of which the last is not full


def text(hparams, n, seed=0):
    return np.random.default_rng(seed).integers(0, hparams["n_vocab"], n).tolist()


def expected(hparams, params, ids):
    return textbook.gpt2(ids, **params, n_head=hparams["n_head"])


def close(got, wanted):
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, wanted, atol=1e-4)


@pytest.fixture(scope="module")
def long_model(random_params):
    """A model whose context takes several chunks and rows, a long text, and the textbook's logits of it."""
    hparams = {"n_vocab": 307, "n_ctx": LONG, "n_embd": 48, "n_head": 4, "n_layer": 3}
    params, ids = random_params(hparams), text(hparams, LONG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "CHUNK", 32)
        patch.setattr(model, "ROWS", 12)
        patch.setattr(model, "GELU_ROWS", 5)
        yield hparams, params, ids, expected(hparams, params, ids)


@pytest.mark.parametrize("name", SIZES)
def test_logits_are_the_textbooks_with_and_without_a_cache(random_params, name):
    n_layer, n_head = SIZES[name]  # and a width of 4 instead of 64 a head
    hparams = {"n_vocab": 203, "n_ctx": 20, "n_embd": 4 * n_head, "n_head": n_head, "n_layer": n_layer}
    params = random_params(hparams)
    ids, gpt2, cache = text(hparams, 12), GPT2(hparams, params), Cache(hparams)
    wanted = expected(hparams, params, ids)
    close(gpt2.all_logits(ids), wanted)
    close(gpt2.logits(ids), wanted[-1])
    close(gpt2.logits(ids[:7], cache), wanted[6])
    for i in range(7, 12):
        close(gpt2.logits(ids[i : i + 1], cache), wanted[i])


@few(25)
@given(cuts=st.sets(st.integers(1, LONG - 1), max_size=6))
def test_any_split_of_the_prompt_gives_the_same_logits(long_model, cuts):
    hparams, params, ids, wanted = long_model
    gpt2, cache = GPT2(hparams, params), Cache(hparams)
    borders = [0, *sorted(cuts), LONG]
    for start, end in pairwise(borders):
        close(gpt2.logits(ids[start:end], cache), wanted[end - 1])


def test_a_long_text_is_the_textbooks_at_every_position(long_model):
    hparams, params, ids, wanted = long_model
    close(GPT2(hparams, params).all_logits(ids), wanted)


def test_no_number_is_read_that_was_not_written(long_model, monkeypatch):
    """Memory that was used before may hold anything."""
    hparams, params, ids, wanted = long_model
    monkeypatch.setattr(np, "empty", lambda shape, dtype=float: np.full(shape, np.nan, dtype))
    gpt2, cache = GPT2(hparams, params), Cache(hparams)
    close(gpt2.logits(ids[:40], cache), wanted[39])
    close(gpt2.logits(ids[40:], cache), wanted[-1])
    close(gpt2.all_logits(ids), wanted)


def test_what_a_cache_has_forgotten_counts_nothing(long_model):
    hparams, params, ids, wanted = long_model
    gpt2, cache = GPT2(hparams, params), Cache(hparams)
    gpt2.logits(ids[::-1], cache)
    cache.n = 0
    close(gpt2.logits(ids[:17], cache), wanted[16])
    close(gpt2.logits(ids[17:41], cache), wanted[40])
    close(gpt2.logits(ids[41:42], cache), wanted[41])


PLUGGED = {
    "softmax": textbook.softmax,
    "layer_norm": textbook.layer_norm,
    "attention": textbook.attention,
}


@pytest.mark.parametrize("names", [["softmax"], ["layer_norm"], ["attention"], [*PLUGGED]])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_functions_plugged_in_give_the_same_logits(long_model, names, dtype):
    hparams, params, ids, wanted = long_model

    def through(function):
        return lambda *args: function(*(a.astype(dtype) for a in args))

    gpt2 = GPT2(hparams, params, **{name: through(PLUGGED[name]) for name in names})
    close(gpt2.all_logits(ids[:70]), wanted[:70])
    cache = Cache(hparams)
    close(gpt2.logits(ids[:60], cache), wanted[59])
    close(gpt2.logits(ids[60:61], cache), wanted[60])


def test_functions_are_called_as_the_assignment_defines_them(random_model):
    hparams, params = random_model
    calls = {"softmax": [], "layer_norm": [], "attention": []}

    def watched(name):
        def call(*args):
            calls[name].append([a.shape for a in args])
            return PLUGGED[name](*args)

        return call

    cache = Cache(hparams)
    gpt2 = GPT2(hparams, params, layer_norm=watched("layer_norm"), attention=watched("attention"))
    gpt2.logits(text(hparams, 5), cache)
    assert calls["layer_norm"][0] == [(5, 48), (48,), (48,)]
    assert calls["attention"][0] == [(5, 12), (5, 12), (5, 12), (5, 5)]
    gpt2.logits([7], cache)
    assert calls["layer_norm"][-1] == [(1, 48), (48,), (48,)]
    assert calls["attention"][-1] == [(1, 12), (6, 12), (6, 12), (1, 6)]
    assert len(calls["attention"]) == 2 * 3 * 4 and len(calls["layer_norm"]) == 2 * (2 * 3 + 1)
    GPT2(hparams, params, softmax=watched("softmax")).logits(text(hparams, 5))
    assert calls["softmax"][0] == [(4, 5, 5)]


def test_a_proxy_gets_the_heads_of_a_layer_in_one_message(random_model):
    class Proxy:
        messages = 0

        def many(self, calls):
            self.messages += 1
            return [textbook.attention(*call) for call in calls]

    hparams, params = random_model
    proxy, ids = Proxy(), text(hparams, 9)
    close(GPT2(hparams, params, attention=proxy).all_logits(ids), expected(hparams, params, ids))
    assert proxy.messages == 3


def test_functions_that_change_their_arguments_cannot_harm_the_model(random_model):
    def layer_norm(x, g, b):
        x -= x.mean(axis=-1, keepdims=True)
        x /= np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + 1e-5)
        return g * x + b

    def attention(q, k, v, mask):
        q /= q.shape[-1] ** 0.5
        q @= np.eye(q.shape[-1], dtype=q.dtype)
        return textbook.softmax(q @ k.T + mask) @ v

    hparams, params = random_model
    ids = text(hparams, 9)
    got = GPT2(hparams, params, layer_norm=layer_norm, attention=attention).all_logits(ids)
    close(got, expected(hparams, params, ids))


@pytest.mark.parametrize("name", PLUGGED)
@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda *args: None, "{} returned nothing where the model needs shape"),
        (lambda *args: args[0][:, :1], r"{} returned shape \[.*\] where the model needs shape"),
        (lambda *args: "text", "{} returned a str that is not an array of numbers"),
    ],
)
def test_a_result_the_model_cannot_use_is_named(random_model, name, wrong, says):
    with pytest.raises(ValueError, match=says.format(name)):
        GPT2(*random_model, **{name: wrong}).logits([1, 2, 3, 4, 5])


@pytest.mark.parametrize("wrong", [None, "text", np.zeros((0, 12)), np.zeros((5, 13)), [[1.0], [1.0, 2.0]]], ids=repr)
@pytest.mark.parametrize("n_ids", [1, 5])
def test_one_wrong_result_among_right_ones_is_named(random_model, wrong, n_ids):
    calls = count()

    def attention(*args):
        return wrong if next(calls) == 2 else textbook.attention(*args)

    with pytest.raises(ValueError, match="attention returned"):
        GPT2(*random_model, attention=attention).logits([1, 2, 3, 4, 5][:n_ids])


FORMS = {
    "lists": np.ndarray.tolist,
    "float64": lambda a: a.astype(float),
    "masked": np.ma.asarray,
    "Fortran": np.asfortranarray,
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_results_are_taken_in_any_form(random_model, form):
    hparams, params = random_model
    ids, forms = text(hparams, 9), cycle([form, lambda a: a])
    attention, layer_norm = (
        lambda *args, f=f: next(forms)(f(*args)) for f in (textbook.attention, textbook.layer_norm)
    )
    gpt2, cache = GPT2(hparams, params, attention=attention, layer_norm=layer_norm), Cache(hparams)
    wanted = expected(hparams, params, ids)
    close(gpt2.logits(ids[:8], cache), wanted[7])
    close(gpt2.logits(ids[8:], cache), wanted[8])


def test_a_trace_holds_what_each_function_gets_and_gives(random_model):
    hparams, params = random_model
    ids = text(hparams, 11)
    trace = GPT2(hparams, params, softmax=lambda x: None).trace(ids)
    close(trace.logits, expected(hparams, params, ids))
    assert len(trace.layer_norms) == 2 * 3 + 1 and len(trace.attentions) == 3 * 4
    for *args, output in trace.layer_norms:
        close(output, textbook.layer_norm(*args))
    for *args, output in trace.attentions:
        close(output, textbook.attention(*args))

    seen = {"layer_norm": [], "attention": []}

    def recording(name):
        def call(*args):
            result = PLUGGED[name](*args)
            seen[name].append((*args, result))
            return result

        return call

    GPT2(hparams, params, **{name: recording(name) for name in seen}).all_logits(ids)
    for name, ours in (("layer_norm", trace.layer_norms), ("attention", trace.attentions)):
        for theirs, mine in zip(seen[name], ours, strict=True):
            for a, b in zip(theirs, mine, strict=True):
                np.testing.assert_allclose(a, b, atol=1e-4)


def test_greedy_tokens_are_the_textbooks(random_model):
    hparams, params = random_model
    ids = text(hparams, 6)
    wanted = textbook.generate(ids, params, hparams["n_head"], 25)
    assert list(GPT2(hparams, params).greedy(ids, 25)) == wanted
    assert len(set(wanted)) > 5  # else the model says the same whatever it saw


@pytest.mark.parametrize(
    ("ids", "says"),
    [
        ([], "empty"),
        ([1, 311], "There is no token 311: ids go from 0 to 310"),
        ([-1], "There is no token -1"),
        ([0] * 65, "65 tokens do not fit a context of 64"),
        ([1.5], "list of integers"),
        ([[1], [2]], "list of integers"),
    ],
)
def test_ids_that_are_no_text_are_refused(random_model, ids, says):
    gpt2 = GPT2(*random_model)
    for ask in (gpt2.logits, gpt2.all_logits, gpt2.trace, lambda ids: gpt2.greedy(ids, 1)):
        with pytest.raises(ValueError, match=says):
            ask(ids)


def test_a_full_cache_refuses_more_and_stays_as_it_is(random_model):
    hparams, params = random_model
    gpt2, cache = GPT2(hparams, params), Cache(hparams)
    gpt2.logits([1] * 60, cache)
    with pytest.raises(ValueError, match=r"60 \+ 5 tokens do not fit a context of 64"):
        gpt2.logits([1] * 5, cache)
    close(gpt2.logits([1] * 4, cache), gpt2.logits([1] * 64))
