"""What is known of the published GPT-2 models: addresses, sizes, hashes, hyper-parameters, and what 124M answers."""

from __future__ import annotations

from dataclasses import dataclass, field

OPENAI = "https://openaipublic.blob.core.windows.net/gpt-2/models"  # / 124M / file
HUGGINGFACE = "https://huggingface.co"  # / repository / resolve / revision / file
SOURCES = ("openai", "huggingface")


@dataclass(frozen=True)
class Figure:
    """What the model computes for one prompt: the five likeliest next tokens and their logits (float32)."""

    prompt: str
    ids: tuple[int, ...]
    top: tuple[int, ...]
    logits: tuple[float, ...]


@dataclass(frozen=True)
class Published:
    """One model as published; `files` maps a file's name to (bytes, SHA-256), either None where it is not known."""

    n_layer: int
    n_head: int
    n_embd: int
    repository: str  # of Hugging Face
    revision: str = "main"
    n_vocab: int = 50257
    n_ctx: int = 1024
    files: dict[str, tuple[int | None, str | None]] = field(default_factory=dict)
    figures: tuple[Figure, ...] = ()
    continuation: tuple[str, str] | None = None  # a prompt, and the text that follows greedily

    @property
    def hparams(self) -> dict[str, int]:
        """The contents of hparams.json, in its order."""
        return {name: getattr(self, name) for name in ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer")}

    @property
    def n_params(self) -> int:
        """Sum over token and position embedding, blocks and the last layer norm."""
        n = self.n_embd
        return (self.n_vocab + self.n_ctx) * n + self.n_layer * (12 * n * n + 13 * n) + 2 * n


CHECKPOINT_DATA = "model.ckpt.data-00000-of-00001"  # OpenAI's parameters
CHECKPOINT = ("checkpoint", CHECKPOINT_DATA, "model.ckpt.index", "model.ckpt.meta")  # and what goes with them
OPENAI_FILES = ("hparams.json", "encoder.json", "vocab.bpe", *CHECKPOINT)
HF_PARAMETERS = "huggingface.safetensors"  # Hugging Face's one file: the same parameters under other names
SIZES_355M = (91, 1042301, 456318, 77, 1419292672, 10399, 926519)  # bytes of OPENAI_FILES; no hash is known

MODELS = {
    "124M": Published(
        n_layer=12,
        n_head=12,
        n_embd=768,
        repository="openai-community/gpt2",
        revision="607a30d783dfa663caf39e06633721c8d4cfcd7e",
        files={
            "checkpoint": (77, "dd1b025d2e155283f5e300ce95bf6d5b6bc0f7fe010db73daa6975eb896ab9cb"),
            "encoder.json": (1042301, "196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783"),
            "hparams.json": (90, "d9d56e4121c427164e0c55c6f03c08e1daf9002b9b672825112d19097b680318"),
            CHECKPOINT_DATA: (497759232, "2060c885360cc0cf41d7a6dbc4d24b5127aae20260c8b5ae521b5a6578407118"),
            "model.ckpt.index": (5215, "71916f763f9746f9b2a06b12d91996cf1084ae008d0424543d39391c5f2dc687"),
            "model.ckpt.meta": (471155, "4668c448fa11531fd6700460487f73e82d3272960cea942252f8744bf225c77b"),
            "vocab.bpe": (456318, "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"),
            HF_PARAMETERS: (548105171, "248dfc3911869ec493c76e65bf2fcf7f615828b0254c12b473182f0f81d3a707"),
        },
        figures=(
            Figure(
                "Data visualization empowers users to",
                (6601, 32704, 795, 30132, 2985, 284),
                (38350, 2251, 766, 787, 3538),
                (-135.91316, -136.68361, -137.12030, -137.64738, -137.66647),
            ),
            Figure(
                "Artificial Intelligence is transforming the",
                (8001, 9542, 9345, 318, 25449, 262),
                (835, 995, 3160, 2214, 2003),
                (-100.87852, -101.04878, -103.34892, -103.85500, -103.95349),
            ),
            Figure(
                "As the spaceship was approaching the",
                (1722, 262, 40663, 373, 13885, 262),
                (5440, 4417, 4429, 8824, 3668),
                (-92.86365, -94.18271, -94.41708, -94.45668, -94.46949),
            ),
        ),
        continuation=(
            "Alan Turing theorized that computers would one day become",
            " the most powerful machines on the planet.\n\nThe computer is a machine that can perform complex "
            "calculations, and it can perform these calculations in a way that is very similar to the human brain.",
        ),
    ),
    "355M": Published(
        n_layer=24,
        n_head=16,
        n_embd=1024,
        repository="openai-community/gpt2-medium",
        revision="6dcaa7a952f72f9298047fd5137cd6e4f05f41da",
        files={name: (size, None) for name, size in zip(OPENAI_FILES, SIZES_355M, strict=True)},
    ),
    "774M": Published(36, 20, 1280, "openai-community/gpt2-large", "32b71b12589c2f8d625668d2335a01cac3249519"),
    "1558M": Published(
        n_layer=48,
        n_head=25,
        n_embd=1600,
        repository="openai-community/gpt2-xl",
        revision="15ea56dee5df4983c59b2538573817e1667135e2",
        files={HF_PARAMETERS: (None, "0f8b28eb05a8075f48b61b6f35332978c74fc7763fa9fb4051a1c30511736a6a")},
    ),
}
