"""The figures of a comparison: what reports/comparison.json holds, under stable keys.

Accuracies, F1 and calibration errors run from 0 to 1; "mean" is the mean over the views. Folds are
"shuffled" (threads split), "grouped" (each thread whole) or "disjoint" (each thread whole, and no
author of the held-out texts in training).
"""

from __future__ import annotations

import msgspec

from evaluation.comparison.costs import Cost

PerView = dict[str, float]


class Data(msgspec.Struct, frozen=True):
    """What was cross-validated; `timed_characters` is the mean length of the timed texts."""

    sha256: str
    examples: int
    threads: int
    views: list[str]
    folds: int
    timed_characters: int


class Accuracy(msgspec.Struct, frozen=True):
    """Accuracy per view, averaged over assignments of threads to folds."""

    views: PerView
    mean: float
    spread: float | None
    """Standard deviation of the mean over the assignments; None when there is only one."""
    assignments: int


class CandidateFigures(msgspec.Struct, frozen=True):
    """A candidate. `grouped` and `shuffled` are macro-F1; what was not measured is empty."""

    name: str
    reason: str
    accuracy: Accuracy
    shuffled_accuracy: PerView
    grouped: PerView
    shuffled: PerView
    cost: Cost
    pareto: bool
    """Whether no other candidate is as accurate for less, or more accurate for no more."""


class Neighbour(msgspec.Struct, frozen=True):
    """The served configuration with one thing changed."""

    name: str
    reason: str
    accuracy: Accuracy
    difference: float
    """Of the mean accuracy to that of the served configuration on the same folds."""
    standard_error: float
    """Of the difference, the threads being its clusters."""


class Calibration(msgspec.Struct, frozen=True):
    """Expected calibration error per view, out of fold, at the temperature that training fits."""

    temperature: float
    grouped: PerView
    disjoint: PerView


class Comparison(msgspec.Struct, frozen=True):
    """A comparison; `gaps` maps a candidate and a kind of folds to the accuracy per view."""

    chosen: str
    data: Data
    versions: dict[str, str]
    candidates: list[CandidateFigures]
    neighbours: list[Neighbour]
    gaps: dict[str, dict[str, PerView]]
    calibration: Calibration
