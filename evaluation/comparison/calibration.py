"""How well the served model's probabilities hold out of fold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import softmax
from sklearn.pipeline import Pipeline

from evaluation.comparison.figures import Calibration, PerView
from evaluation.metrics import expected_calibration_error, reliability
from model.calibration import (
    OutOfFold,
    Views,
    out_of_fold,
    pooled_temperature,
)
from model.errors import DatasetError


def calibration_figures(
    build: Callable[[], Pipeline],
    views: Views,
    labels: npt.NDArray[Any],
    threads: npt.NDArray[np.intp],
    authors: npt.NDArray[np.intp],
) -> Calibration:
    """Fit the temperature as training does, on disjoint folds, and judge it on both kinds.

    Raises DatasetError when the texts are too few to predict any out of fold.
    """
    disjoint = out_of_fold(build(), views, labels, threads, authors)
    grouped = out_of_fold(build(), views, labels, threads)
    if not disjoint.known().any():
        raise DatasetError(
            "the training file has too few threads and authors of a label to be calibrated:"
            " add examples"
        )
    temperature = pooled_temperature(disjoint, labels)
    return Calibration(
        temperature,
        grouped=_errors(grouped, labels, temperature),
        disjoint=_errors(disjoint, labels, temperature),
    )


def _errors(outside: OutOfFold, labels: npt.NDArray[Any], temperature: float) -> PerView:
    known = outside.known()
    codes = np.searchsorted(outside.classes, labels[known])
    return {
        view: _error(softmax(scores[known] / temperature, axis=1), codes)
        for view, scores in outside.scores.items()
    }


def _error(probabilities: npt.NDArray[Any], codes: npt.NDArray[np.intp]) -> float:
    correct = probabilities.argmax(axis=1) == codes
    return expected_calibration_error(reliability(probabilities.max(axis=1), correct))
