"""The posts that every measurement uses, and the request bodies made of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from statistics import median

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


def usual(texts: Sequence[str]) -> list[str]:
    """Those of at most twice the median length: all but about one in eight."""
    most = 2 * median(map(len, texts))
    return [text for text in texts if len(text) <= most]


def bodies(texts: Sequence[str]) -> list[bytes]:
    """The bodies of POST /prediction."""
    return [msgspec.json.encode({"text": text}) for text in texts]


def batches(texts: Sequence[str]) -> list[Sequence[str]]:
    """Cut texts into batches."""
    return [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]


def write_singles(path: Path, texts: Sequence[str]) -> Path:
    """Write the bodies of POST /prediction, one a line."""
    return _write(path, bodies(texts))


def write_batches(path: Path, texts: Sequence[str]) -> Path:
    """Write the bodies of POST /predictions, one a line."""
    return _write(path, [msgspec.json.encode({"texts": batch}) for batch in batches(texts)])


def _write(path: Path, lines: Sequence[bytes]) -> Path:
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path
