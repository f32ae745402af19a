"""The posts that every measurement uses, and the request bodies made of them.

May import the dataset of ours.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import msgspec

from model.dataset import find_file, read_examples

# Enough that no cache of the processor holds them all, and a whole number of batches.
POSTS = 1024
BATCH = 64


def sample(data_dir: Path) -> list[str]:
    """Return posts of the training set, the same at each call.

    Raises DatasetError when the folder holds none.
    """
    texts = read_examples(find_file(data_dir, "train")).texts
    return random.Random(0).sample(texts, min(POSTS, len(texts)))


def batches(texts: Sequence[str]) -> list[Sequence[str]]:
    """Cut texts into batches."""
    return [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]


def write_singles(path: Path, texts: Sequence[str]) -> Path:
    """Write the bodies of POST /prediction, one a line."""
    return _write(path, [{"text": text} for text in texts])


def write_batches(path: Path, texts: Sequence[str]) -> Path:
    """Write the bodies of POST /predictions, one a line."""
    return _write(path, [{"texts": list(batch)} for batch in batches(texts)])


def _write(path: Path, bodies: Sequence[object]) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(body) + b"\n" for body in bodies))
    return path
