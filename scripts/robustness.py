"""`make robustness`: how often the label of a text changes although its author wrote the same."""

from __future__ import annotations

import argparse
from pathlib import Path

from evaluation.robustness import flip_rates
from evaluation.summary import robustness_table
from model import artifact
from model.dataset import find_file, read_examples
from model.views import plain
from scripts.cli import run


def main() -> None:
    """Print the table; raises UserError when data or model cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m scripts.robustness", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=Path("data"), help="default: data")
    parser.add_argument("--model-dir", type=Path, default=Path("model/trained"))
    arguments = parser.parse_args()
    pipeline = artifact.load(arguments.model_dir).pipeline
    texts = read_examples(find_file(arguments.data_dir, "test")).texts
    print(robustness_table(flip_rates(pipeline.predict_proba, texts, list(map(plain, texts)))))


if __name__ == "__main__":
    run(main)
