"""The out-of-fold calibration error of a pipeline."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.comparison.calibration import calibration_figures
from model.errors import DatasetError
from model.pipeline import build_pipeline

LABELS = np.repeat(["space", "food"], 20)
TEXTS = [f"{label} text" for label in LABELS]
THREADS = np.arange(40)


def test_what_is_always_right_is_nearly_certain() -> None:
    """Texts that name their label leave little error, and every view has its own."""
    views = {"named": TEXTS, "nothing": [""] * 40}
    figures = calibration_figures(build_pipeline, {"named": TEXTS}, LABELS, THREADS, THREADS)
    assert figures.grouped["named"] < 0.1
    assert figures.disjoint == figures.grouped
    figures = calibration_figures(build_pipeline, views, LABELS, THREADS, THREADS)
    assert list(figures.grouped) == list(figures.disjoint) == ["named", "nothing"]


def test_related_texts_count_in_the_disjoint_folds_alone() -> None:
    """What only an author's other posts could teach is known in grouped folds, not in disjoint."""
    authors = np.arange(40) % 20
    texts = [f"{chr(97 + author)}x" for author in authors]
    labels = np.where(authors % 2, "space", "food")
    figures = calibration_figures(build_pipeline, {"text": texts}, labels, THREADS, authors)
    assert figures.disjoint != figures.grouped


def test_one_author_of_everything_cannot_be_calibrated() -> None:
    """With nothing left to train on, the error says what to add."""
    with pytest.raises(DatasetError, match="add examples"):
        calibration_figures(build_pipeline, {"text": TEXTS}, LABELS, THREADS, np.zeros(40))
