"""A class of forty for the class report, in a folder: `python tests/autograder/class_of_forty.py FOLDER`.

Everybody takes each function from one of the sample submissions, right or wrong, by a fixed seed; some mistakes are
made more often than others. Nils has Mona's notebook with other names, comments and prints in it.
"""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from tests.submissions.build import HERE, PART, build, edit, grade_id, start  # noqa: E402

NAMES = (
    *(
        "ada",
        "amir",
        "bert",
        "bo",
        "carla",
        "chidi",
        "deniz",
        "dora",
        "emil",
        "esra",
        "fatma",
        "finn",
        "goran",
        "grace",
    ),
    *("hana", "hugo", "ines", "ivan", "jun", "jana", "kofi", "kira", "lena", "luis", "mia", "mona", "nils", "nora"),
    *("omar", "olga", "paul", "priya", "quinn", "rosa", "sven", "sara", "tariq", "tove", "uma", "vito"),
)
FUNCTIONS = ["cosine_similarity", "softmax", "layer_norm", "attention", "sample_top_n"]
STYLES = ["perfect", "einsum", "float32", "float64", "in_place", "log_space", "loops"]
WRONG = {  # sample: how often; what is left of 100 is right
    "cosine_similarity": {"similarity_one_norm": 5, "similarity_without_norms": 8},
    "softmax": {"softmax_over_columns": 12, "softmax_without_shift": 24, "softmax_raises": 4},
    "layer_norm": {"layer_norm_without_eps": 24, "layer_norm_sample_variance": 8, "layer_norm_without_g": 5},
    "attention": {"attention_without_scale": 9, "attention_scale_d_k": 16, "attention_own_causal_mask": 6},
    "sample_top_n": {"sampling_ignores_rng": 14, "sampling_greedy": 6, "sampling_uniform": 6, "sampling_smallest": 4},
}
WHOLE = {
    "bert": "wrong/untouched",
    "ivan": "broken/half_a_file",
    "olga": "broken/not_json",
    "ada": "right/perfect",
}
STOPPED = {"jun": ["attention", "sample_top_n"], "vito": ["sample_top_n"], "tove": ["sample_top_n"]}  # stubs left as is
RENAMED = {"x": "values", "e": "powers", "mean": "mu", "top": "best", "scores": "s", "logits": "numbers"}


def answers() -> dict[tuple[str, str], str]:
    """(sample, exercise): the source of that cell, for every sample and the instructor's own answers."""
    found = {}
    for path in [*HERE.glob("right/*.py"), *HERE.glob("wrong/*.py")]:
        _, *parts = PART.split(path.read_text("utf-8"))
        found |= {(path.stem, t.strip()): c for t, c in zip(parts[::2], parts[1::2], strict=True)}
    own = {grade_id(c): "".join(c["source"]) for c in start("solution")["cells"] if grade_id(c) in FUNCTIONS}
    return {("perfect", name): source for name, source in own.items()} | found


def make(folder: Path) -> None:
    """Write folder/<name>/gpt2/gpt2.ipynb for everybody."""
    rng, sources = random.Random(7), answers()
    chosen = {}
    for student in NAMES:
        wrong = {
            f: rng.choices([*WRONG[f], None], [*WRONG[f].values(), 100 - sum(WRONG[f].values())]) for f in FUNCTIONS
        }
        chosen[student] = {f: w[0] or rng.choice(STYLES) for f, w in wrong.items()}
        path = folder / student / "gpt2" / "gpt2.ipynb"
        if student in WHOLE:
            build(HERE / f"{WHOLE[student]}.py", path)
            continue
        nb = start("release")
        for name in FUNCTIONS:
            if name not in STOPPED.get(student, []):
                copied = student == "nils"
                source = sources[chosen["mona" if copied else student][name], name]
                edit(nb, name, disguised(source) if copied else source, 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(nb), "utf-8")


def disguised(source: str) -> str:
    """The same code with other names, a comment and a print."""
    for old, new in RENAMED.items():
        source = re.sub(rf"(?<!\.)\b{old}\b", new, source)
    return source.replace("\n    return", "\n    # and now the result\n    print('ok')\n    return", 1)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
