"""`make train`: fits the pipeline on a labelled file and writes the artifact."""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime
from pathlib import Path

from model import artifact
from model.manifest import TrainingData
from model.sources import source_of
from model.training import VIEW_SETS, choose_views, train
from scripts.cli import run
from scripts.data import add_data_options, default_model_dir, read_train


def main() -> None:
    """Train on --data-dir and write --model-dir; raises UserError when either cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m scripts.train", description=__doc__)
    add_data_options(parser)
    parser.add_argument(
        "--model-dir",
        type=Path,
        help="default: models/NAME of the data's folder; model/trained for the challenge's",
    )
    parser.add_argument(
        "--views",
        choices=["auto", *VIEW_SETS],
        default="auto",
        help="mail: train also on posts without header, quotes and signature (default: auto,"
        " which looks whether the texts are mail)",
    )
    arguments = parser.parse_args()
    examples = read_train(arguments)
    source = source_of(examples.sha256)
    directory = arguments.model_dir or default_model_dir(examples, arguments.data_dir)
    views = choose_views(examples.texts, arguments.views)
    print(f"training on {len(examples)} examples ({source}), views: {', '.join(views)}", flush=True)
    started = time.perf_counter()
    trained = train(examples.texts, examples.labels, views)
    seconds = time.perf_counter() - started
    manifest = artifact.save(
        directory,
        trained.pipeline,
        trained_at=now().isoformat(timespec="seconds"),
        training_seconds=round(seconds, 1),
        data=TrainingData(source, examples.sha256, len(examples), examples.counts, trained.views),
        hyperparameters=trained.hyperparameters,
    )
    print(f"wrote {directory / manifest.pipeline.file} in {seconds:.0f} s")


def now() -> datetime:
    """Return the time of the training, or that of SOURCE_DATE_EPOCH for a build to reproduce."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)


if __name__ == "__main__":
    run(main)
