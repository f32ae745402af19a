"""One checkout's scorer in a process of its own: prints a figure for each line that it reads.

Run by `benchmarks.scorer` as a file, so that `model` is that of the checkout on PYTHONPATH, which
may be an older one. Times are processor microseconds of one text.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import joblib

from model.classifier import load_classifier
from model.compiled import CompiledPipeline
from model.dataset import find_file, read_examples

TEXTS = 1024
FEW = 128
BATCH = 256


def main(model_dir: Path, data_dir: Path, characters: Path) -> None:
    """Load everything, then answer."""
    before = _kilobytes("Pss")
    classifier = load_classifier(model_dir)
    gc.collect()
    loaded = _kilobytes("Pss") - before
    texts = read_examples(find_file(data_dir, "train")).texts[:TEXTS]
    pipeline = joblib.load(characters)
    compiled: Any = CompiledPipeline(pipeline)
    # Older scorers had a method for one text.
    score = getattr(compiled, "score", None) or (lambda text: compiled.score_many([text]))
    few = texts[:FEW]
    probes: dict[str, Callable[[], float]] = {
        "one text": lambda: _microseconds(classifier.predict, texts),
        "batch": lambda: _microseconds(classifier.predict_many, _batches(texts), len(texts)),
        "characters": lambda: _microseconds(score, few),
        "characters, pipeline": lambda: _microseconds(lambda text: pipeline.predict([text]), few),
        "loaded": lambda: loaded / 1024,
        "worker": lambda: _worker_megabytes(classifier.predict, texts),
    }
    print("ready", flush=True)
    for line in sys.stdin:
        print(probes[line.strip()](), flush=True)


def _batches(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]


def _microseconds(
    call: Callable[[Any], object], given: Sequence[object], texts: int | None = None
) -> float:
    started = time.process_time()
    for one in given:
        call(one)
    return (time.process_time() - started) / (texts or len(given)) * 1e6


def _worker_megabytes(predict: Callable[[str], object], texts: Sequence[str]) -> float:
    """Memory that a forked process has for itself once it has predicted these texts."""
    gc.collect()
    gc.freeze()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        predict(texts[0][:1])
        before = _kilobytes("Private_Dirty")
        for text in texts:
            predict(text)
        os.write(writing, str((_kilobytes("Private_Dirty") - before) / 1024).encode())
        os._exit(0)
    os.waitpid(child, 0)
    found = os.read(reading, 100)
    os.close(reading)
    os.close(writing)
    gc.unfreeze()
    return float(found)


def _kilobytes(name: str) -> int:
    """A figure of this process's memory, of those that proc(5) has of smaps_rollup."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
