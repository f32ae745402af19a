"""Measures of predictions against the truth, each a pure function of arrays.

Labels are their indices, 0 to n_labels - 1; `confidence` is the probability of the predicted label
and `correct` says whether that label is the true one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import binomtest

from evaluation.figures import (
    CoveragePoint,
    Interval,
    Intervals,
    LengthBin,
    McNemar,
    ReliabilityBin,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BINS = 15
LENGTH_BINS = 5
COVERAGES = 100
RESAMPLES = 1000
LEVEL = 0.95


def confusion_matrix(true: Ints, predicted: Ints, n_labels: int) -> Ints:
    """Count texts by true label (rows) and predicted label (columns), [n_labels, n_labels]."""
    cells = np.bincount(true * n_labels + predicted, minlength=n_labels**2)
    return cells.reshape(n_labels, n_labels).astype(np.int64)


def accuracy(confusion: NDArray[np.number]) -> Floats:
    """Share of texts on the diagonal, for matrices of the shape [..., n_labels, n_labels]."""
    diagonal = np.diagonal(confusion, axis1=-2, axis2=-1).sum(axis=-1)
    return np.asarray(diagonal / confusion.sum(axis=(-2, -1)), dtype=np.float64)


def macro_f1(confusion: NDArray[np.number]) -> Floats:
    """Unweighted mean of the labels' F1, for matrices of the shape [..., n_labels, n_labels].

    As in scikit-learn, labels that are neither true nor predicted anywhere are left out.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    sums = np.asarray(confusion.sum(axis=-1) + confusion.sum(axis=-2), dtype=np.float64)
    scores = np.divide(2.0 * hits, sums, out=np.zeros_like(sums), where=sums > 0)
    return np.asarray(scores.sum(axis=-1) / (sums > 0).sum(axis=-1), dtype=np.float64)


def bootstrap_intervals(
    true: Ints, predicted: Ints, groups: Ints, n_labels: int, seed: int
) -> Intervals:
    """Percentile bootstrap intervals (Efron and Tibshirani 1993) of accuracy and macro-F1.

    Whole groups (`groups[i]` is the group of text i, from 0) are drawn with replacement rather
    than texts, for answers within a thread resemble each other: drawing texts would understate the
    spread. With a group for each text this is the ordinary bootstrap.
    """
    n_groups = int(groups.max()) + 1
    draws = np.random.default_rng(seed).multinomial(
        n_groups, np.full(n_groups, 1 / n_groups), size=RESAMPLES
    )
    cells = sparse.csr_array(
        (np.ones(len(true)), (groups, true * n_labels + predicted)), shape=(n_groups, n_labels**2)
    )
    confusions = (cells.T @ draws.T).T.reshape(RESAMPLES, n_labels, n_labels)
    return Intervals(accuracy=_middle(accuracy(confusions)), macro_f1=_middle(macro_f1(confusions)))


def reliability(confidence: Floats, correct: Bools, bins: int = BINS) -> list[ReliabilityBin]:
    """Split the texts, ordered by confidence, into bins of equal number (Nguyen, O'Connor 2015).

    There are at most `bins` of them, and never an empty one.
    """
    order = np.argsort(confidence, kind="stable")
    return [
        ReliabilityBin(
            count=len(chosen),
            low=float(confidence[chosen[0]]),
            high=float(confidence[chosen[-1]]),
            confidence=float(confidence[chosen].mean()),
            accuracy=float(correct[chosen].mean()),
            interval=wilson_interval(correct[chosen]),
        )
        for chosen in np.array_split(order, min(bins, len(order)))
    ]


def expected_calibration_error(bins: list[ReliabilityBin]) -> float:
    """Mean distance of accuracy from confidence over the bins, weighted by their counts.

    Guo et al. 2017 ("On Calibration of Modern Neural Networks", equation 3) with the bins of equal
    number of Nguyen and O'Connor 2015 in place of bins of equal width.
    """
    total = sum(bin.count for bin in bins)
    return sum(bin.count * abs(bin.accuracy - bin.confidence) for bin in bins) / total


def ece_if_calibrated(confidence: Floats, seed: int, bins: int = BINS) -> Interval:
    """Range of the ECE that chance alone gives to a perfectly calibrated model, 95 %.

    The measured ECE is biased upwards, since each bin's sampling error counts as miscalibration, so
    it is to be read against this range. Consistency resampling (Bröcker and Smith 2007): draw each
    answer right with the probability that the model states, and measure again.
    """
    stated = np.sort(confidence)
    drawn = np.random.default_rng(seed).random((RESAMPLES, len(stated))) < stated
    edges = np.linspace(0, len(stated), min(bins, len(stated)), endpoint=False).astype(np.int64)
    gaps = np.add.reduceat(drawn - stated, edges, axis=1)
    return _middle(np.abs(gaps).sum(axis=1) / len(stated))


def risk_coverage(confidence: Floats, correct: Bools) -> tuple[list[CoveragePoint], float]:
    """Accuracy at each coverage, in steps of 1 %, and the area under the risk-coverage curve.

    El-Yaniv and Wiener 2010: answer only the most confident share (the coverage); the risk is the
    share of wrong ones among the answers. The area (AURC, Geifman et al. 2019) is the mean risk
    over all n coverages; 0 is perfect, the plain error rate is what random confidences give.
    """
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(order) + 1)
    accuracies = np.cumsum(correct[order]) / answered
    steps = np.arange(1, COVERAGES + 1) / COVERAGES
    last = np.unique(np.ceil(steps * len(order) - 1e-9).astype(np.int64)) - 1
    points = [
        CoveragePoint(
            coverage=float(answered[i] / len(order)),
            threshold=float(confidence[order[i]]),
            accuracy=float(accuracies[i]),
        )
        for i in last
    ]
    return points, float(1 - accuracies.mean())


def mcnemar(model: Bools, baseline: Bools) -> McNemar:
    """McNemar's test, exact and two-sided, of two classifiers' `correct` on the same texts.

    Were both equally good, the texts that just one gets right would fall to either like a fair
    coin; p is the probability of a split at least this uneven (Dietterich 1998).
    """
    only_model = int((model & ~baseline).sum())
    only_baseline = int((baseline & ~model).sum())
    differing = only_model + only_baseline
    p = float(binomtest(only_model, differing).pvalue) if differing else 1.0
    return McNemar(only_model=only_model, only_baseline=only_baseline, p=p)


def accuracy_by_length(lengths: Ints, correct: Bools, bins: int = LENGTH_BINS) -> list[LengthBin]:
    """Accuracy in bins of length; texts of one length share a bin, so there may be fewer."""
    edges = np.unique(np.quantile(lengths, np.arange(1, bins) / bins, method="lower"))
    bin_of = np.searchsorted(edges, lengths, side="left")
    return [
        LengthBin(
            low=int(lengths[chosen].min()),
            high=int(lengths[chosen].max()),
            median=float(np.median(lengths[chosen])),
            count=int(chosen.sum()),
            accuracy=float(correct[chosen].mean()),
            interval=wilson_interval(correct[chosen]),
        )
        for chosen in (bin_of == i for i in np.unique(bin_of))
    ]


def wilson_interval(correct: Bools) -> Interval:
    """95 % interval of a share (Wilson 1927), sound for few texts and for shares near 0 or 1."""
    counted = binomtest(int(correct.sum()), len(correct))
    interval = counted.proportion_ci(confidence_level=LEVEL, method="wilson")
    return float(interval.low), float(interval.high)


def _middle(values: Floats) -> Interval:
    """The range of the middle 95 % of values."""
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)
