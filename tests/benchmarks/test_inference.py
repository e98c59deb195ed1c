"""The inference benchmark promises its figures by name, and says what to do where its peers are missing."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "inference.py"


@pytest.fixture(scope="module")
def inference():
    spec = importlib.util.spec_from_file_location("inference", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(os.environ):  # it drops what would bind NumPy to another processor's kernels
        spec.loader.exec_module(module)
    return module


def test_without_its_peers_it_exits_2_and_names_the_command(tmp_path):
    elsewhere = tmp_path / "benchmarks" / BENCHMARK.name
    elsewhere.parent.mkdir()
    elsewhere.write_text(BENCHMARK.read_text(encoding="utf-8"), encoding="utf-8")
    done = subprocess.run([sys.executable, elsewhere], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "make peers" in done.stderr and not done.stdout


def test_the_figures_follow_from_what_was_seen(inference):
    seen = dict.fromkeys(("load_tf", "load_tf_mb", "load_ct2_mb", "apart", "rows_2", "rows_3", "rows_4"), 1.0) | {
        "load": 0.02,
        "load_mb": 2.0,
        "peak_mb": 90.0,
    }
    seen |= {
        "decode": 1.0,
        "builtin": 1.0,
        "student": 1.25,
        "repeating": 0.5,
        "ct2": 1.1,
        "ct2_int8": 0.9,
        "slowest": 0.98,
        "usual": 1.2,
        "load_ct2": 0.4,
        "ct2_prefill": 0.6,
        "products": 0.4,
        "generate": 3.0,
        "by_hand": 2.0,
        "textbook": 15.0,
        "picogpt": 40.0,
    }
    seen |= {"prefill": 0.5, "hf_prefill": 1.0, "read": 0.8, "token_bytes": inference.WEIGHTS_BYTES}
    assert inference.figures(seen) == pytest.approx(
        {
            "load_seconds": 0.02,
            "load_private_mb": 2,
            "decode_vs_transformers": 2,
            "decode_vs_ctranslate2": 1.1,
            "decode_vs_ctranslate2_int8": 0.9,
            "repeating_vs_ctranslate2": 2.2,
            "guessing_slowest": 0.98,
            "guessing_usual": 1.2,
            "load_vs_ctranslate2": 20,
            "prefill_vs_ctranslate2": 1.2,
            "prefill_vs_matmul": 0.8,
            "decode_vs_picogpt": 40,
            "decode_vs_textbook": 15,
            "decode_vs_bandwidth": 0.8,
            "prefill_vs_transformers": 2,
            "student_vs_builtin": 0.8,
            "peak_extra_mb": 90,
        }
    )
    table = inference.table([seen, seen])
    assert "| student_vs_builtin | 0.8 | 0.8 to 0.8 | >= 0.9, NOT met |" in table
    assert all(name in table for name in inference.TARGETS)


def test_a_text_costs_what_its_steps_cost(inference):
    plain = dict.fromkeys(range(1, inference.MOST + 2), 1.0)
    assert inference.speed([5], list(range(10, 40)), plain) == 1  # nothing to guess
    assert inference.speed([5], [1, 2, 3] * 30, plain) > 3
    assert inference.speed([5], [1, 2, 3] * 30, {n: float(n) for n in plain}) == pytest.approx(1)


def test_a_scripted_model_writes_its_text(inference):
    (prompt, text), *_ = inference.written_by_tiny()[7:8]
    scripted = inference.Scripted(*inference.weights.load(inference.weights.EMBEDDED))
    scripted.script = prompt + text[::-1]  # not what it would write by itself
    assert list(scripted.greedy(prompt, len(text))) == text[::-1]
