"""Hugging Face transformers for benchmarks/inference.py: started in .venv-peers, does what lines of its input ask for.

    python inference_peer.py model.safetensors    then lines: generate, by_hand, prefill or logits, and a list of ids

Answers each line with one JSON line: the seconds it took, or the logits.
"""

from __future__ import annotations

import json
import os
import sys
import time

import torch
from safetensors.torch import load_file
from transformers import GPT2Config, GPT2LMHeadModel

TOKENS = 100
LAST = {"w": "weight", "g": "weight", "b": "bias", "wte": "wte.weight", "wpe": "wpe.weight"}


def renamed(name: str) -> str:
    """A name of OpenAI's checkpoint as transformers has it: model/h0/ln_1/g -> transformer.h.0.ln_1.weight."""
    first, *rest = name.removeprefix("model/").split("/")
    parts = ["h", first[1:], *rest] if first[1:].isdigit() else [first, *rest]
    return ".".join(["transformer", *parts[:-1], LAST[parts[-1]]])


def load(path: str) -> GPT2LMHeadModel:
    """GPT-2 124M with the weights of a file in the checkpoint's names; its configuration is transformers' default."""
    model = GPT2LMHeadModel(GPT2Config()).eval()
    missing = model.load_state_dict({renamed(name): tensor for name, tensor in load_file(path).items()}, strict=False)
    assert missing.missing_keys == ["lm_head.weight"] and not missing.unexpected_keys, missing
    model.tie_weights()
    return model


@torch.inference_mode()
def generate(model: GPT2LMHeadModel, ids: torch.Tensor) -> None:
    """What most people call: `generate`, greedy, with the cache."""
    options = {"max_new_tokens": TOKENS, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
    out = model.generate(ids, attention_mask=torch.ones_like(ids), **options)
    assert out.shape[1] == ids.shape[1] + TOKENS


@torch.inference_mode()
def by_hand(model: GPT2LMHeadModel, ids: torch.Tensor) -> None:
    """The same without what `generate` does around the model."""
    past = None
    for _ in range(TOKENS):
        out = model(ids, past_key_values=past, use_cache=True, logits_to_keep=1)
        past, ids = out.past_key_values, out.logits[:, -1].argmax(-1, keepdim=True)
        int(ids)


@torch.inference_mode()
def prefill(model: GPT2LMHeadModel, ids: torch.Tensor) -> torch.Tensor:
    return model(ids, use_cache=True, logits_to_keep=1).logits[0, -1]


WAYS = {"generate": generate, "by_hand": by_hand, "prefill": prefill}


def seconds(work, *args) -> float:
    started = time.perf_counter()
    work(*args)
    return time.perf_counter() - started


def main() -> None:
    torch.set_num_threads(os.cpu_count() or 1)
    model = load(sys.argv[1])
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        verb, _, text = line.partition(" ")
        ids = torch.tensor([json.loads(text)])
        answer = prefill(model, ids).tolist() if verb == "logits" else seconds(WAYS[verb], model, ids)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
