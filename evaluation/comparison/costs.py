"""What a candidate costs: to fit, to store, and to predict one text with.

Times are CPU seconds of this process, so that other work on the machine counts little.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from evaluation.comparison.candidates import Candidate
from evaluation.comparison.selection import training_views
from model.artifact import dumped
from model.calibration import Views, fit_views
from model.compiled import CompiledPipeline
from model.folding import NotCompilableError

TIMED_TEXTS = 100
"""Texts of about median length that predictions are timed on."""

ROUNDS = 7
"""Rounds over them, of which the fastest counts: what disturbs a timing only ever adds to it."""


class Cost(msgspec.Struct, frozen=True):
    """Costs of a candidate fitted on the whole training file."""

    fit_cpu_seconds: float
    artifact_bytes: int
    """Size of the dump, compressed as an artifact is."""
    predict_microseconds: float
    """CPU time of scikit-learn's `predict` of a single text."""
    compiled_microseconds: float | None
    """The same for the compiled scorer; None where the candidate cannot be compiled."""

    @property
    def microseconds(self) -> float:
        """The cost of a prediction as it would be served: compiled where that is possible."""
        return self.compiled_microseconds or self.predict_microseconds


def measure(candidate: Candidate, views: Views, labels: npt.NDArray[Any]) -> Cost:
    """Fit a candidate on everything and measure it; predictions are timed on the first view."""
    started = time.process_time()
    shown = training_views(candidate, views)
    fitted = fit_views(candidate.build(), shown, labels, np.arange(len(labels)))
    fit_seconds = time.process_time() - started
    texts = median_texts(next(iter(views.values())))
    return Cost(
        fit_cpu_seconds=fit_seconds,
        artifact_bytes=len(dumped(fitted)),
        predict_microseconds=_microseconds(lambda text: fitted.predict([text]), texts),
        compiled_microseconds=_compiled_microseconds(fitted, texts),
    )


def median_texts(texts: Sequence[str]) -> list[str]:
    """The texts in the middle when ordered by length, at most `TIMED_TEXTS`."""
    ordered = sorted(texts, key=len)
    start = max(0, (len(ordered) - TIMED_TEXTS) // 2)
    return ordered[start : start + TIMED_TEXTS]


def _compiled_microseconds(fitted: Pipeline, texts: Sequence[str]) -> float | None:
    try:
        score_many = CompiledPipeline(fitted).score_many
    except NotCompilableError:
        return None
    return _microseconds(lambda text: score_many([text]), texts)


def _microseconds(predict: Callable[[str], object], texts: Sequence[str]) -> float:
    """CPU time of one prediction, in microseconds."""

    def round_of_all() -> float:
        started = time.process_time()
        for text in texts:
            predict(text)
        return time.process_time() - started

    return min(round_of_all() for _ in range(ROUNDS)) / len(texts) * 1e6
