"""`make compare`: cross-validates the candidates on the training file and writes the tables.

Writes comparison.json, comparison.md, comparison.svg and comparison.png to the reports' folder;
never opens the test file.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from evaluation.comparison import compare, write
from model.dataset import thinned
from scripts.cli import run
from scripts.data import add_data_options, read_train


def main() -> None:
    """Compare and write; raises UserError when something outside the code is wrong."""
    arguments = _parser().parse_args()
    examples = read_train(arguments)
    if arguments.limit:
        examples = thinned(examples, arguments.limit)
    comparison = compare(examples, fast=arguments.fast, jobs=arguments.jobs)
    write(comparison, arguments.reports_dir)
    print(f"wrote {arguments.reports_dir / 'comparison.md'}, .json, .svg and .png")


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.compare", description=__doc__)
    add_data_options(parser)
    parser.add_argument(
        "--reports-dir", type=Path, default=Path("reports"), help="default: reports"
    )
    parser.add_argument(
        "--limit", type=_positive, help="compare on this many examples (default: all)"
    )
    parser.add_argument(
        "--fast", action="store_true", help="leave out the character n-grams, which take longest"
    )
    parser.add_argument("--jobs", type=_positive, default=2, help="processes to use (default: 2)")
    return parser


if __name__ == "__main__":
    run(main)
