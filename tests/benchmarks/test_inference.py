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
    seen = dict.fromkeys(("load_tf", "load_tf_mb", "apart"), 1.0) | {"load": 0.02, "load_mb": 2.0, "peak_mb": 90.0}
    seen |= {
        "decode": 1.0,
        "builtin": 1.0,
        "student": 1.25,
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
            "decode_vs_picogpt": 40,
            "decode_vs_textbook": 15,
            "decode_vs_bandwidth": 0.8,
            "prefill_vs_transformers": 2,
            "student_vs_builtin": 0.8,
            "peak_extra_mb": 90,
        }
    )
    table = inference.table([seen, seen])
    assert "| student_vs_builtin | 0.8 | 0.8 to 0.8 | >= 0.85, NOT met |" in table
    assert all(name in table for name in inference.TARGETS)
