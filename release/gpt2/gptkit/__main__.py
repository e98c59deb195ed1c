"""`python -m gptkit fetch | verify | info`: the published models on this computer."""

from __future__ import annotations

import argparse
import sys

from gptkit import load, weights
from gptkit.command_line import Parser, printing
from gptkit.weights import layout
from gptkit.weights.published import MODELS, SOURCES
from gptkit.weights.tensorfile import WeightsError

DESCRIPTION = """\
Fetch the published GPT-2 models, verify them, and show what is there.

environment:
  GPT2_MODELS_DIR   where models lie (else the repository's models/, else your cache folder)
  GPT2_MIRROR       another server to fetch from, for a campus. It stands for
                    https://openaipublic.blob.core.windows.net/gpt-2/models (files at MIRROR/124M/encoder.json ...) or,
                    with --source huggingface, for https://huggingface.co
"""


def main(argv: list[str] | None = None) -> int:
    """The command line; returns the exit code: 0, or 1 with one line on stderr. A usage error exits with 2."""
    parser = Parser("python -m gptkit", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_version()
    add_commands(parser)
    with printing():
        return run(parser.parse_args(argv), parser.prog)
    return 0  # the reader left


def run(options: argparse.Namespace, prog: str) -> int:
    """Run the command that was parsed; returns the exit code, as `main` does."""
    try:
        options.run(options)
    except BrokenPipeError:
        raise
    except (WeightsError, OSError) as why:
        print(f"{prog}: {why}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\n{prog}: interrupted. What has arrived is kept: the same command goes on from there.", file=sys.stderr)
        return 1
    return 0


def add_commands(parser: Parser) -> None:
    """Add fetch, verify and info to a command line."""
    commands = parser.add_subparsers(metavar="fetch | verify | info")
    fetch = commands.add_parser("fetch", help="download a model, verify it, make it ready")
    names = ", ".join(MODELS)
    fetch.add_argument("name", nargs="?", default="124M", choices=list(MODELS), help=f"{names} (default: 124M)")
    fetch.add_argument(
        "--source",
        choices=SOURCES,
        help="whose files; the parameters are the same (default: openai, or huggingface where TensorFlow is missing)",
    )
    fetch.set_defaults(run=_fetch)
    verify = commands.add_parser("verify", help="compare files and answers with what is published")
    verify.add_argument("name", nargs="?", default="124M", help="the model's folder (default: 124M)")
    verify.set_defaults(run=_verify)
    info = commands.add_parser("info", help="what is there, and where")
    info.set_defaults(run=_info)


def _fetch(options: argparse.Namespace) -> None:
    # Here, for this command alone needs requests and filelock, which a student's Python may lack.
    from gptkit.weights.fetch import fetch

    folder = fetch(options.name, options.source)
    print(f"{options.name} is ready in {folder}")


def _verify(options: argparse.Namespace) -> None:
    from gptkit.weights.verify import verify

    unknown = 0
    for finding in verify(options.name):
        print(f"{'ok' if finding.checked else '? '}  {finding.text}", flush=True)
        unknown += not finding.checked
    if unknown:
        print(f"Nothing wrong was found in {options.name}, but what is marked ? could not be checked.")
    else:
        print(f"{options.name} is {'the published model' if options.name in MODELS else 'in order'}.")


def _info(options: argparse.Namespace) -> None:
    try:
        print(f"models folder: {weights.models_dir()}")
    except WeightsError as why:
        print(f"models folder: none. {why}")
    for name in ("tiny", *MODELS):
        try:
            folder = weights.find(name)
        except WeightsError:
            print(f"  {name:6} not there; to have it: python -m gptkit fetch {name}")
            continue
        try:
            hparams = layout.load_hparams(folder)
            megabytes = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
        except (WeightsError, OSError) as why:
            print(f"  {name:6} cannot be used: {why}")
            continue
        shape = "  ".join(f"{key} {value}" for key, value in hparams.items())
        print(f"  {name:6} {megabytes:7,.0f} MB  {shape}  {folder}")
    print(f"used when none is named: {load().name}")


if __name__ == "__main__":
    sys.exit(main())
