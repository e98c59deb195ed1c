"""The peers of benchmarks/inference.py: started in .venv-peers, each does what lines of its input ask for.

    python inference_peer.py transformers model.safetensors
    python inference_peer.py ctranslate2 FOLDER float32|int8
    python inference_peer.py convert model.safetensors FOLDER    makes that folder, and ends

A line is a verb (generate or prefill; transformers also by_hand and logits) and a list of ids. Each is
answered by one JSON line: the seconds it took, or the logits.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

TOKENS = 100
LAST = {"w": "weight", "g": "weight", "b": "bias", "wte": "wte.weight", "wpe": "wpe.weight"}


def seconds(work: Callable, *args: Any) -> float:
    started = time.perf_counter()
    work(*args)
    return time.perf_counter() - started


# ---- Hugging Face transformers ----


def renamed(name: str) -> str:
    """A name of OpenAI's checkpoint as transformers has it: model/h0/ln_1/g -> transformer.h.0.ln_1.weight."""
    first, *rest = name.removeprefix("model/").split("/")
    parts = ["h", first[1:], *rest] if first[1:].isdigit() else [first, *rest]
    return ".".join(["transformer", *parts[:-1], LAST[parts[-1]]])


def load(path: str) -> Any:
    """GPT-2 124M with the weights of a file in the checkpoint's names; its configuration is transformers' default."""
    from safetensors.torch import load_file
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config()).eval()
    missing = model.load_state_dict({renamed(name): tensor for name, tensor in load_file(path).items()}, strict=False)
    assert missing.missing_keys == ["lm_head.weight"] and not missing.unexpected_keys, missing
    model.tie_weights()
    return model


def transformers_ways(path: str) -> dict[str, Callable[[list[int]], Any]]:
    """What transformers is asked for, each a function of ids."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    model = load(path)

    @torch.inference_mode()
    def generate(ids: list[int]) -> None:
        """What most people call: `generate`, greedy, with the cache."""
        prompt = torch.tensor([ids])
        options = {"max_new_tokens": TOKENS, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}
        out = model.generate(prompt, attention_mask=torch.ones_like(prompt), **options)
        assert out.shape[1] == len(ids) + TOKENS

    @torch.inference_mode()
    def by_hand(ids: list[int]) -> None:
        """The same without what `generate` does around the model."""
        past, new = None, torch.tensor([ids])
        for _ in range(TOKENS):
            out = model(new, past_key_values=past, use_cache=True, logits_to_keep=1)
            past, new = out.past_key_values, out.logits[:, -1].argmax(-1, keepdim=True)
            int(new)

    @torch.inference_mode()
    def logits(ids: list[int]) -> list[float]:
        return model(torch.tensor([ids]), use_cache=True, logits_to_keep=1).logits[0, -1].tolist()

    ways = {"generate": generate, "by_hand": by_hand, "prefill": logits}
    return {name: lambda ids, way=way: seconds(way, ids) for name, way in ways.items()} | {"logits": logits}


# ---- CTranslate2 ----


def convert(path: str, folder: str) -> None:
    """CTranslate2's form of the weights, by way of transformers'; its converter wants a token for each id."""
    from ctranslate2.converters import TransformersConverter
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    model = load(path)
    n_vocab = model.config.vocab_size
    vocabulary = {str(i): i for i in range(n_vocab - 1)} | {"<|endoftext|>": n_vocab - 1}
    end = {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    words = Tokenizer(models.WordLevel(vocabulary, unk_token="<|endoftext|>"))
    with tempfile.TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)
        PreTrainedTokenizerFast(tokenizer_object=words, **end).save_pretrained(scratch)
        TransformersConverter(scratch).convert(folder, force=True)


def ctranslate2_ways(folder: str, numbers: str) -> dict[str, Callable[[list[int]], float]]:
    """What CTranslate2 is asked for; `numbers` is the type that it computes with."""
    import ctranslate2

    model = ctranslate2.Generator(folder, compute_type=numbers, inter_threads=1, intra_threads=os.cpu_count() or 1)

    def write(ids: list[int], n: int) -> None:
        """`n` tokens, greedy, with the cache, the prompt read at once and no end of the text."""
        options = {"min_length": n, "max_length": n, "sampling_topk": 1, "include_prompt_in_result": False}
        (out,) = model.generate_batch([[str(i) for i in ids]], **options)
        assert len(out.sequences_ids[0]) == n

    return {
        "generate": lambda ids: seconds(write, ids, TOKENS),
        "prefill": lambda ids: seconds(write, ids, 1),
    }


def main() -> None:
    kind, *where = sys.argv[1:]
    if kind == "convert":
        convert(*where)
        return
    ways = transformers_ways(*where) if kind == "transformers" else ctranslate2_ways(*where)
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        verb, _, ids = line.partition(" ")
        print(json.dumps(ways[verb](json.loads(ids))), flush=True)


if __name__ == "__main__":
    main()
