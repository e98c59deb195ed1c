"""What the environment decides, read here and nowhere else, once. (GRADEBOOK_URL is read by nbgrader_config.py.)"""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from gptkit import weights
from gptkit.checks.core import CALL_SECONDS

from autograder.errors import CannotGrade, UsageError

REPOSITORY = Path(__file__).resolve().parents[1]
SEED_FILE = REPOSITORY / ".autograder-seed"


@dataclass(frozen=True)
class Limits:
    """What one submission may use. AUTOGRADER_LIMITS changes the defaults: "call_seconds=5,memory_mb=800"."""

    call_seconds: float = CALL_SECONDS  # wall clock of one call, as in the notebook
    load_seconds: float = 10.0  # wall clock of one cell
    submission_seconds: float = 60.0  # wall clock of everything that a submission's code does, follow-through included
    memory_mb: int = 1024  # address space of a candidate, NumPy's 120 MB included; it cannot have children
    answer_mb: int = 64  # arrays in one reply
    restarts: int = 12  # new processes after a crash or a timeout

    @classmethod
    def parse(cls, text: str) -> Limits:
        """The limits that a list of name=number asks for. Raises UsageError when it is none."""
        # The type of a default is the type of the value, too.
        kinds: dict[str, Any] = {f.name: type(f.default) for f in fields(cls)}
        try:
            pairs = [part.split("=") for part in text.split(",") if part.strip()]
            return cls(**{name.strip(): kinds[name.strip()](value) for name, value in pairs})
        except (ValueError, KeyError):
            names = ", ".join(kinds)
            raise UsageError(f"AUTOGRADER_LIMITS={text!r} is not a list of name=number; names: {names}.") from None


@dataclass(frozen=True)
class Settings:
    """Everything that is set from outside. A copy of it crosses to the worker processes, which read no environment."""

    seed: str | None = None  # of the hidden and the fresh cases: who knows it can look their answers up
    assignment: str = "gpt2"  # docs/new-exercise.md: a second assignment
    limits: Limits = field(default_factory=Limits)
    verdicts: Path | None = REPOSITORY / ".verdicts"  # where verdicts are kept; None: nowhere
    fresh: bool = False  # examine anew what was examined already

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings that the environment asks for. Raises UsageError."""
        if not (REPOSITORY / "release").is_dir():  # installed by pip without --editable
            raise UsageError(
                "This autograder is installed without the course's notebooks, which lie in its repository. "
                "Install it from there, and keep the folder: pip install --editable ."
            )
        # A variable that is set to nothing counts as not set; AUTOGRADER_VERDICTS then says that none are kept.
        kept = environment.get("AUTOGRADER_VERDICTS", str(cls.verdicts))
        return cls(
            seed=environment.get("AUTOGRADER_SEED") or None,
            assignment=environment.get("AUTOGRADER_ASSIGNMENT") or cls.assignment,
            limits=Limits.parse(environment.get("AUTOGRADER_LIMITS", "")),
            verdicts=Path(kept) if kept else None,
        )

    def to_environment(self) -> dict[str, str]:
        """The variables that give another machine the same scores: the assignment, the seed, and changed limits."""
        found = {"AUTOGRADER_ASSIGNMENT": self.assignment, "AUTOGRADER_SEED": self.seeded().seed or ""}
        usual, limits = asdict(Limits()), asdict(self.limits)
        changed = [f"{name}={value}" for name, value in limits.items() if value != usual[name]]
        return found | ({"AUTOGRADER_LIMITS": ",".join(changed)} if changed else {})

    def seeded(self) -> Settings:
        """The same with a seed: the course's own where none is set. Raises CannotGrade when none can be kept."""
        return self if self.seed else replace(self, seed=course_seed(SEED_FILE))

    @property
    def release(self) -> Path:
        """The notebook as students get it."""
        return REPOSITORY / "release" / self.assignment / f"{self.assignment}.ipynb"

    @property
    def answer_key(self) -> Path:
        """The notebook with the solutions, as an instructor edits it."""
        return REPOSITORY / "source" / self.assignment / f"{self.assignment}.ipynb"

    def model(self) -> Path:
        """The folder of the model to grade with. Raises CannotGrade."""
        try:
            return weights.find()
        except weights.WeightsError as error:
            raise CannotGrade(str(error)) from None


def github_access(environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Where GitHub's API is, and the token that may read there. Raises UsageError without a token.

    Not of the Settings: those go to other machines.
    """
    token = environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN")
    if not token:
        raise UsageError("Set GITHUB_TOKEN to a token that may read the contents of the students' repositories.")
    # GitHub's own runners set the address, which differs for a school with a GitHub Enterprise server.
    return (environment.get("GITHUB_API_URL") or "https://api.github.com").rstrip("/"), token.strip()


def told(names: Collection[str], environment: Mapping[str, str] = os.environ) -> list[str]:
    """What the program that runs this one says about a submission, in variables. Raises UsageError when one lacks."""
    if lacking := [name for name in names if not environment.get(name)]:
        raise UsageError(f"Another program is to run this, and to set {', '.join(lacking)}.")
    return [environment[name] for name in names]


def course_seed(path: Path) -> str:
    """The course's seed: drawn at first use, into a file that only its owner can read, and used from then on."""
    if not path.exists():
        drawn = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
        try:
            drawn.touch(0o600, exist_ok=False)
            drawn.write_text(secrets.token_hex(16))
            # A link never replaces: of two processes that start together, one keeps its seed and both read that one.
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(drawn)
                print(f"autograder: drew a seed for this course's hidden cases; it is kept in {path}.", file=sys.stderr)
        except OSError as error:
            problem = f"{path}: the course's seed cannot be kept there ({error.strerror}). Set AUTOGRADER_SEED instead."
            raise CannotGrade(problem) from None
        finally:
            with contextlib.suppress(OSError):  # not made, or in a place where nothing can be changed
                drawn.unlink()
    try:
        if seed := path.read_text("ascii").strip():
            return seed
    except (OSError, ValueError):
        pass
    raise CannotGrade(f"{path}: the course's seed cannot be read. Restore it, or delete it to have another drawn.")
