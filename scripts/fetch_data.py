"""`make data`: gets the dataset files into a folder when it lacks them."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.download import fetch_datasets
from model.sources import BY_NAME
from scripts.cli import run


def main() -> None:
    """Fetch the missing files into --data-dir; raises DatasetError when they cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fetch_data", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=Path("data"), help="default: data")
    parser.add_argument(
        "--source",
        choices=BY_NAME,
        default="challenge",
        help="where missing files come from: the challenge's own (default), or similar posts"
        " of another publisher, from which another model results",
    )
    arguments = parser.parse_args()
    fetch_datasets(arguments.data_dir, only=BY_NAME[arguments.source])


if __name__ == "__main__":
    run(main)
