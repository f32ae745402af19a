"""`make train`: fits the pipeline on a labelled file and writes the artifact.

May import model and the shared wrapper of the command lines.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from pathlib import Path

from model import artifact
from model.dataset import find_file, read_training_examples
from model.manifest import TrainingData
from model.sources import source_of
from model.training import VIEW_SETS, choose_views, train
from scripts.cli import run


def main() -> None:
    """Train on --data-dir and write --model-dir; raises UserError when either cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m scripts.train", description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=Path("data"), help="default: data")
    parser.add_argument("--model-dir", type=Path, default=Path("model"), help="default: model")
    parser.add_argument(
        "--views",
        choices=["auto", *VIEW_SETS],
        default="auto",
        help="mail: train also on posts without header, quotes and signature (default: auto,"
        " which looks whether the texts are mail)",
    )
    arguments = parser.parse_args()
    examples = read_training_examples(find_file(arguments.data_dir, "train"))
    source = source_of(examples.sha256)
    views = choose_views(examples.texts, arguments.views)
    print(f"training on {len(examples)} examples ({source}), views: {', '.join(views)}", flush=True)
    started = time.perf_counter()
    trained = train(examples.texts, examples.labels, views)
    seconds = time.perf_counter() - started
    manifest = artifact.save(
        arguments.model_dir,
        trained.pipeline,
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        training_seconds=round(seconds, 1),
        data=TrainingData(source, examples.sha256, len(examples), examples.counts, trained.views),
        hyperparameters=trained.hyperparameters,
    )
    print(f"wrote {arguments.model_dir / manifest.pipeline.file} in {seconds:.0f} s")


if __name__ == "__main__":
    run(main)
