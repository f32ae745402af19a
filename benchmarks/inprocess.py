"""What a text costs without any server: scikit-learn's own predict and the compiled classifier."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks.posts import batches
from model.artifact import load
from model.classifier import Classifier, make_scorer

STOCK = "stock pipeline.predict([text])"
COMPILED = "compiled Classifier.predict"
STOCK_BATCH = "stock pipeline.predict, batch of 64"
COMPILED_BATCH = "compiled predict_many, batch of 64"


class InProcess:
    """The four ways to predict the same texts in this very process."""

    def __init__(self, directory: Path, texts: Sequence[str]) -> None:
        """Load the artifact; raises ArtifactError when that cannot be done."""
        loaded = load(directory)
        classifier = Classifier(make_scorer(loaded.pipeline, loaded.manifest), loaded.manifest)
        stock = loaded.pipeline.predict
        self.labels: list[str] = [str(label) for label in stock(list(texts))]
        self._texts = len(texts)
        self._ways: dict[str, tuple[Callable[..., object], Iterable[object]]] = {
            STOCK: (stock, [[text] for text in texts]),
            COMPILED: (classifier.predict, texts),
            STOCK_BATCH: (stock, batches(texts)),
            COMPILED_BATCH: (classifier.predict_many, batches(texts)),
        }

    def round(self) -> dict[str, float]:
        """Processor time of one text, in microseconds, by way of predicting it."""
        return {name: self._microseconds(*way) for name, way in self._ways.items()}

    def _microseconds(self, predict: Callable[..., object], calls: Iterable[object]) -> float:
        started = time.process_time()
        for call in calls:
            predict(call)
        return (time.process_time() - started) / self._texts * 1e6
