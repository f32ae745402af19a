"""The figures of an evaluation: what reports/evaluation.json holds, under stable keys.

No figure contains a text of the dataset; single words do occur, among the strongest terms.
Accuracies, shares and probabilities run from 0 to 1.
"""

from __future__ import annotations

from typing import Any

import msgspec

Interval = tuple[float, float]


class File(msgspec.Struct, frozen=True):
    """A dataset file; `threads` counts the groups of posts that belong together."""

    name: str
    sha256: str
    examples: int
    threads: int
    examples_per_label: dict[str, int]


class Data(msgspec.Struct, frozen=True):
    """The files that the figures were measured on."""

    train: File
    test: File


class ModelFacts(msgspec.Struct, frozen=True):
    """What the manifest says of the evaluated model."""

    version: str
    labels: list[str]
    trained_at: str
    steps: list[str]
    hyperparameters: dict[str, Any]
    versions: dict[str, str]


class LabelScores(msgspec.Struct, frozen=True):
    """One label against all others; a score without any example to measure it on is 0."""

    precision: float
    recall: float
    f1: float
    support: int


class Score(msgspec.Struct, frozen=True):
    """Share of texts labelled rightly, and the unweighted mean of the labels' F1."""

    accuracy: float
    macro_f1: float


class McNemar(msgspec.Struct, frozen=True):
    """McNemar's exact test: how many texts only one of two classifiers gets right."""

    only_model: int
    only_baseline: int
    p: float


class ComparedScore(msgspec.Struct, frozen=True):
    """A baseline's scores and the test of the model against it."""

    accuracy: float
    macro_f1: float
    mcnemar: McNemar


class Baselines(msgspec.Struct, frozen=True):
    """Always the commonest label; and the challenge's own model, trained on the texts as given."""

    majority: Score
    challenge: ComparedScore


class Intervals(msgspec.Struct, frozen=True):
    """95 % bootstrap intervals."""

    accuracy: Interval
    macro_f1: Interval


class ReliabilityBin(msgspec.Struct, frozen=True):
    """Texts of similar confidence: mean confidence, accuracy and its 95 % Wilson interval."""

    count: int
    low: float
    high: float
    confidence: float
    accuracy: float
    interval: Interval


class CoveragePoint(msgspec.Struct, frozen=True):
    """Accuracy of the answers at or above a threshold of confidence; coverage is their share."""

    coverage: float
    threshold: float
    accuracy: float


class LengthBin(msgspec.Struct, frozen=True):
    """Texts of `low` to `high` characters: median length, accuracy, its 95 % Wilson interval."""

    low: int
    high: int
    median: float
    count: int
    accuracy: float
    interval: Interval


class Confusion(msgspec.Struct, frozen=True):
    """A kind of mistake: `count` of the `support` texts of one label were given another."""

    true: str
    predicted: str
    count: int
    support: int


class ViewFigures(msgspec.Struct, frozen=True):
    """All that was measured on one view of the test texts.

    `confusion` has a row per true and a column per predicted label, in the order of the model's
    labels. `ece_if_calibrated` is the 95 % range that a perfectly calibrated model would measure.
    """

    accuracy: float
    macro_f1: float
    ece: float
    mean_confidence: float
    log_loss: float
    aurc: float
    intervals: Intervals
    ece_if_calibrated: Interval
    baselines: Baselines
    per_label: dict[str, LabelScores]
    confusion: list[list[int]]
    confusions: list[Confusion]
    reliability: list[ReliabilityBin]
    risk_coverage: list[CoveragePoint]
    by_length: list[LengthBin]


class CurvePoint(msgspec.Struct, frozen=True):
    """Mean scores per view of models trained on a fraction of the training threads."""

    fraction: float
    repeats: int
    threads: int
    examples: float
    views: dict[str, Score]


class LearningCurve(msgspec.Struct, frozen=True):
    """Scores on the test set by amount of training data, and what twice as much bought.

    Per view, in macro-F1: `gain_per_doubling` is the slope of a least-squares line over the binary
    logarithm of the number of examples, `last_doubling` the rise from the half to the whole. Both
    are None where the training data is too small for two points.
    """

    points: list[CurvePoint]
    gain_per_doubling: dict[str, float] | None
    last_doubling: dict[str, float] | None


class InsideOutside(msgspec.Struct, frozen=True):
    """Accuracy on the overlapping texts and on the others; None where there are none."""

    inside: float | None
    outside: float | None


class Overlap(msgspec.Struct, frozen=True):
    """Test texts that have a relative among the training texts."""

    examples: int
    share: float
    accuracy: dict[str, InsideOutside]


class Overlaps(msgspec.Struct, frozen=True):
    """Two kinds of relative: the same thread, and a near duplicate."""

    threads: Overlap
    near_duplicates: Overlap


class TermWeight(msgspec.Struct, frozen=True):
    """A term and its weight, in natural-logarithm units of odds."""

    term: str
    weight: float


class Candidate(msgspec.Struct, frozen=True):
    """A model that was considered: macro-F1 per view, cross-validated on the training data.

    `shuffled` folds split threads; `grouped` folds keep each thread whole.
    """

    name: str
    shuffled: dict[str, float]
    grouped: dict[str, float]


class Selection(msgspec.Struct, frozen=True):
    """The record of the choice of the model, reports/comparison.json; other fields are ignored."""

    chosen: str
    candidates: list[Candidate]


class FlipRate(msgspec.Struct, frozen=True):
    """How many of some texts get another label by a change that says nothing else."""

    perturbation: str
    texts: int
    flips: int
    target: float
    """Share of the texts that may get another label."""


class LoaderPlain(msgspec.Struct, frozen=True):
    """The model on posts as scikit-learn's loader strips them."""

    score: Score
    empty: int
    """Texts of which nothing is left."""


class Figures(msgspec.Struct, frozen=True):
    """An evaluation. `strongest_terms` is None for a model that is not linear in its terms."""

    data: Data
    model: ModelFacts
    views: dict[str, ViewFigures]
    hardest_view: str
    learning_curve: LearningCurve
    overlap: Overlaps
    strongest_terms: dict[str, list[TermWeight]] | None
    selection: Selection | None
    loader_plain: LoaderPlain | None
    """None for a model of texts that are not mail."""
    robustness: list[FlipRate] | None
    """None for a model of texts that are not mail."""
