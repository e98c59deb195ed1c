"""The answer key works under the names of the first notebook, and each of its functions does what its formula says."""

import numpy as np
import pytest
from gptkit import weights
from gptkit.engine.model import GPT2
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from picoGPT import gpt2_pico
from picoGPT.encoder import get_encoder
from picoGPT.gpt2_pico import attention, gelu, generate, gpt2, layer_norm, main, softmax
from picoGPT.sampling import sample_top_n
from picoGPT.similarity import cosine_similarity
from picoGPT.utils import load_encoder_hparams_and_params

MODELS = weights.models_dir()
floats = st.floats(-200, 200, width=32)


@pytest.fixture(scope="module")
def tiny():
    return load_encoder_hparams_and_params("tiny", MODELS)


def test_the_first_notebooks_cells(tiny):
    encoder, hparams, params = tiny
    assert get_encoder("tiny", MODELS).encode("a cat") == encoder.encode("a cat")
    assert {"n_vocab", "n_ctx", "n_embd", "n_head", "n_layer"} <= set(hparams)
    logits = gpt2(encoder.encode("The cat"), **params, n_head=hparams["n_head"])
    assert logits.shape == (len(encoder.encode("The cat")), hparams["n_vocab"]) and logits.dtype == np.float32
    text = main("The cat", 12, model_size="tiny", models_dir=str(MODELS))
    ids = list(GPT2(hparams, params).greedy(encoder.encode("The cat"), 12))
    assert text == encoder.decode(ids)


def test_generate_leaves_its_callers_list_alone(tiny):
    _, hparams, params = tiny
    ids = [1, 2, 3]
    assert len(generate(ids, params, hparams["n_head"], 2)) == 2
    assert ids == [1, 2, 3]


@pytest.mark.parametrize(
    ("ids", "n", "says"), [([], 1, "at least one"), ([1], 0, "at least one"), ([1], 10**6, "context")]
)
def test_generate_refuses_what_it_cannot_do(tiny, ids, n, says):
    _, hparams, params = tiny
    with pytest.raises(ValueError, match=says):
        generate(ids, params, hparams["n_head"], n)


@given(arrays(np.float32, array_shapes(max_dims=3), elements=floats))
def test_softmax_gives_probabilities_in_the_order_of_the_scores(x):
    p = softmax(x)
    assert p.shape == x.shape and p.dtype == x.dtype
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(softmax(x - 50), p, rtol=1e-3, atol=1e-6)


@given(arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(2, 9)), elements=floats))
def test_layer_norm_is_its_formula(x):
    n = x.shape[-1]
    g, b = np.linspace(0.5, 2, n), np.linspace(-1, 1, n)
    for row, out in zip(x, layer_norm(x, g, b, eps=0.1), strict=True):
        mean = sum(row) / n
        variance = sum((value - mean) ** 2 for value in row) / n
        np.testing.assert_allclose(out, (row - mean) / (variance + 0.1) ** 0.5 * g + b, rtol=1e-6, atol=1e-9)


@given(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
def test_attention_is_its_formula(n_q, n_k, d_k, d_v, seed):
    rng = np.random.default_rng(seed)
    q, k, v = rng.standard_normal((n_q, d_k)), rng.standard_normal((n_k, d_k)), rng.standard_normal((n_k, d_v))
    mask = -rng.exponential(size=(n_q, n_k))
    for i, out in enumerate(attention(q, k, v, mask)):
        weight = [np.exp(q[i] @ k[j] / np.sqrt(d_k) + mask[i, j]) for j in range(n_k)]
        np.testing.assert_allclose(out, sum(w * v[j] for j, w in enumerate(weight)) / sum(weight), rtol=1e-9)


def test_gelu_at_known_points():
    # the tanh form's values, computed by hand to 6 digits
    np.testing.assert_allclose(gelu(np.array([-1.0, 0.0, 1.0, 3.0])), [-0.158808, 0, 0.841192, 2.996363], atol=1e-6)


@given(arrays(np.float64, (2, 5), elements=st.floats(0.01, 10) | st.floats(-10, -0.01)))
def test_cosine_similarity_is_about_direction_alone(pair):
    a, b = pair
    assert -1.000001 <= cosine_similarity(a, b) <= 1.000001
    assert cosine_similarity(a, 3 * a) == pytest.approx(1)
    assert cosine_similarity(a, -b) == pytest.approx(-cosine_similarity(2 * b, a), abs=1e-9)


@given(st.integers(1, 20), st.integers(0, 1000))
def test_sampling_draws_only_from_the_top(n, seed):
    rng = np.random.default_rng(seed)
    logits = rng.standard_normal(20) * 5 - 100
    token = sample_top_n(logits, n, rng)
    assert isinstance(token, int) and (logits > logits[token]).sum() < n


def test_everything_stays_float32(tiny):
    _, hparams, params = tiny
    x = np.ones((3, hparams["n_embd"]), np.float32)
    block = gpt2_pico.transformer_block(x, **params["blocks"][0], n_head=hparams["n_head"])
    assert block.dtype == np.float32
