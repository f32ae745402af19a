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
from model.training import train
from model.views import MAIL_VIEWS, TEXT_VIEWS, View, thread_of
from scripts.cli import run
from scripts.data import add_data_options, default_model_dir, read_test, read_train


def main() -> None:
    """Evaluate and write; raises UserError when something outside the code is wrong."""
    arguments = _parser().parse_args()
    examples = read_train(arguments)
    directory = arguments.model_dir or default_model_dir(examples, arguments.data_dir)
    model = artifact.load(directory)
    known = {**MAIL_VIEWS, **TEXT_VIEWS}
    views = {name: known[name] for name in model.manifest.data.views}
    report = evaluation.evaluate(
        model,
        examples,
        read_test(arguments),
        views=views,
        thread_of=thread_of,
        train_model=partial(_fit, views),
        selection=evaluation.read_selection(arguments.reports_dir),
    )
    evaluation.write(report, model, directory, arguments.reports_dir)
    print(summary(report.figures))
    print(f"\nThe whole report: {arguments.reports_dir / 'evaluation.html'}")


def _fit(views: Mapping[str, View], texts: list[str], labels: list[str]) -> Pipeline:
    """Train as `make train` does, on the model's own views."""
    return train(texts, labels, views).pipeline


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.evaluate", description=__doc__)
    add_data_options(parser)
    parser.add_argument("--model-dir", type=Path, help="default: where `make train` put it")
    parser.add_argument(
        "--reports-dir", type=Path, default=Path("reports"), help="default: reports"
    )
    return parser


if __name__ == "__main__":
    run(main)
