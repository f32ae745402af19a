"""What the commands that read a dataset share: their options, and where a model of it goes."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.dataset import Examples, Fields, find_file, read_examples, read_training_examples
from model.sources import BY_NAME, CHALLENGE, source_of

TRAINED = Path("model", "trained")


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name a dataset."""
    parser.add_argument("--data-dir", type=Path, default=Path("data"), help="default: data")
    parser.add_argument("--text-field", help="field that holds the text (default: by its name)")
    parser.add_argument("--label-field", help="field that holds the label (default: by its name)")


def fields_of(arguments: argparse.Namespace) -> Fields:
    """Return the fields that were named; an empty name counts as none."""
    return Fields(arguments.text_field or None, arguments.label_field or None)


def read_train(arguments: argparse.Namespace) -> Examples:
    """Read the training file, and print what is worth knowing of how it was read."""
    path = find_file(arguments.data_dir, "train")
    return _noted(read_training_examples(path, fields_of(arguments)))


def read_test(arguments: argparse.Namespace) -> Examples:
    """Read the test file, as `read_train` does."""
    return _noted(read_examples(find_file(arguments.data_dir, "test"), fields_of(arguments)))


def default_model_dir(examples: Examples, data_dir: Path) -> Path:
    """Return where a model of a training file goes: only the challenge's replaces the committed."""
    source = source_of(examples.sha256)
    if source == CHALLENGE.name:
        return TRAINED
    names = {other.name: name for name, other in BY_NAME.items()}
    return Path("models", names.get(source, data_dir.resolve().name))


def _noted(examples: Examples) -> Examples:
    for note in examples.notes:
        print(f"note: {examples.path}: {note}", flush=True)
    return examples
