"""`make evaluate`: measures the trained model on the test set.

Writes evaluation.json and evaluation.html to the reports' folder and MODEL_CARD.md beside the
model, records the headline figures in the model's manifest, and prints a summary.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from sklearn.pipeline import Pipeline

import evaluation
from evaluation.summary import summary
from model import artifact
from model.dataset import find_file, read_examples, read_training_examples
from model.training import train
from model.views import MAIL_VIEWS, TEXT_VIEWS, View, thread_of
from scripts.cli import run


def main() -> None:
    """Evaluate and write; raises UserError when something outside the code is wrong."""
    arguments = _parser().parse_args()
    model = artifact.load(arguments.model_dir)
    known = {**MAIL_VIEWS, **TEXT_VIEWS}
    views = {name: known[name] for name in model.manifest.data.views}
    report = evaluation.evaluate(
        model,
        read_training_examples(find_file(arguments.data_dir, "train")),
        read_examples(find_file(arguments.data_dir, "test")),
        views=views,
        thread_of=thread_of,
        train_model=partial(_fit, views),
        selection=evaluation.read_selection(arguments.reports_dir),
    )
    evaluation.write(report, model, arguments.model_dir, arguments.reports_dir)
    print(summary(report.figures))
    print(f"\nThe whole report: {arguments.reports_dir / 'evaluation.html'}")


def _fit(views: Mapping[str, View], texts: list[str], labels: list[str]) -> Pipeline:
    """Train as `make train` does, on the model's own views."""
    return train(texts, labels, views).pipeline


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.evaluate", description=__doc__)
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path("data"),
        help="default: data",
    )
    parser.add_argument(
        "--model-dir", type=Path, default=Path("model/trained"), help="default: model/trained"
    )
    parser.add_argument(
        "--reports-dir", type=Path, default=Path("reports"), help="default: reports"
    )
    return parser


if __name__ == "__main__":
    run(main)
