"""Protects the fairness of tolerances on GPT-2 124M's real figures: scores, logits, activations and heads.

Honest float32 code must agree with the float64 reference there, and careless code must not.
"""

import numpy as np
import pytest
from gptkit.checks.cases import Stored
from gptkit.checks.core import Failed, Local
from picoGPT import gpt2_pico
from safetensors.numpy import load_file

from autograder.exercises import modules

MODULES = modules()
PROMPTS = range(3)


@pytest.fixture(scope="module")
def observed(real_data):
    with np.load(real_data / "observed.npz") as file:
        return {name: file[name] for name in file.files if name != "prompts"}


@pytest.fixture(scope="module")
def parameters(real_data):
    return load_file(real_data / "slice.safetensors")


def compare(name, function, cases, **tolerances):
    Stored(name, MODULES[name].exercise.signature).compare(Local(function, name), cases, **tolerances)


def softmax_cases(arrays, label="real scores"):
    return [MODULES["softmax"].catalogue.case(a, label=label) for a in arrays]


def in_log_space(x):
    return np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True))


def by_running_sum(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / np.cumsum(e, axis=-1)[..., -1:]


def careless(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("softmax", [gpt2_pico.softmax, in_log_space, by_running_sum])
def test_honest_softmaxes_agree_on_real_scores_and_logits(observed, softmax):
    for j in PROMPTS:
        scores = observed[f"scores_{j}"]  # [n_layer, n_head, n_seq, n_seq]
        n = scores.shape[-1]
        masked = (scores + np.triu(np.full((n, n), -1e10), 1)).astype(np.float32)
        compare("softmax", softmax, softmax_cases([*masked[0], masked[5]]))
        logits = observed[f"logits_{j}"]
        compare("softmax", softmax, softmax_cases([np.sort(logits)[-300:]]))
        compare("softmax", softmax, softmax_cases([logits]), rtol=0.05, atol=1e-5)


@pytest.mark.parametrize("j", PROMPTS)
def test_a_careless_softmax_fails_on_real_logits(observed, j):
    with pytest.raises(Failed):
        compare("softmax", careless, softmax_cases([observed[f"logits_{j}"]]))


def test_honest_layer_norms_agree_with_real_gains(parameters):
    def one_pass(x, g, b, eps=1e-5):
        mean, square = x.mean(-1, keepdims=True), (x * x).mean(-1, keepdims=True)
        return (x - mean) / np.sqrt(square - mean**2 + eps) * g + b

    positions = parameters["model/wpe"][:16]
    for ln in ("h0/ln_1", "h5/ln_2", "h11/ln_1", "ln_f"):
        g, b = parameters[f"model/{ln}/g"], parameters[f"model/{ln}/b"]
        rows = positions * np.float32(20) + b  # as wide as a stream, with large numbers in a few places
        rows[0, [138, 378, 447]] = [300, -250, 2500]
        case = MODULES["layer_norm"].catalogue.case(rows, g, b, label="real gains")
        for layer_norm in (gpt2_pico.layer_norm, one_pass):
            compare("layer_norm", layer_norm, [case], atol=1e-4)


@pytest.mark.parametrize("block", [0, 1, 5, 11])
def test_honest_attentions_agree_with_real_projections(parameters, block):
    def einsum(q, k, v, mask):
        return np.einsum("ij,jd->id", in_log_space(np.einsum("id,jd->ij", q, k) * np.float32(0.125) + mask), v)

    def scaled_first(q, k, v, mask):
        return gpt2_pico.softmax((q / 8) @ k.T + mask) @ v

    at = f"model/h{block}"
    x = parameters["model/wpe"][:24] * np.float32(20)
    x = gpt2_pico.layer_norm(x, parameters[f"{at}/ln_1/g"], parameters[f"{at}/ln_1/b"])
    q, k, v = np.split(x @ parameters[f"{at}/attn/c_attn/w"] + parameters[f"{at}/attn/c_attn/b"], 3, axis=-1)
    mask = np.triu(np.full((24, 24), -1e10, np.float32), 1)
    heads = [slice(64 * h, 64 * h + 64) for h in range(12)]
    make = MODULES["attention"].catalogue.case
    cases = [make(q[:, h].copy(), k[:, h].copy(), v[:, h].copy(), mask, label="real heads") for h in heads]
    for attention in (gpt2_pico.attention, einsum, scaled_first):
        compare("attention", attention, cases, rtol=1e-3, atol=1e-3)


def test_a_right_sampler_passes_on_real_logits_and_a_greedy_one_does_not(observed):
    from types import SimpleNamespace

    from gptkit.checks.sample_top_n import compare_draws

    from autograder.exercises.hidden_data import Hidden

    for j in PROMPTS:
        cases, seed = MODULES["sample_top_n"].likeliest(
            SimpleNamespace(logits=observed[f"logits_{j}"], rng=Hidden("none", j).rng)
        )

        def gumbel(logits, n, rng):
            top = np.argsort(logits)[-n:]
            return top[np.argmax(logits[top] + rng.gumbel(size=n))]

        compare_draws(Local(gumbel, "sample_top_n"), cases, seed)
        with pytest.raises(Failed):
            compare_draws(Local(lambda logits, n, rng: logits.argmax(), "sample_top_n"), cases, seed)
