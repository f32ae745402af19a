"""The measures against values worked out by hand, against other implementations, and by laws."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from evaluation import metrics
from evaluation.metrics import Bools, Floats, Ints


def bools(text: str) -> Bools:
    """Read "1101" as right, right, wrong, right."""
    return np.array([char == "1" for char in text], dtype=np.bool_)


def random_labels(seed: int, n: int = 60, n_labels: int = 4) -> tuple[Ints, Ints]:
    """Draw true labels and predictions that agree about half the time."""
    rng = np.random.default_rng(seed)
    true = rng.integers(0, n_labels, n)
    return true, np.where(rng.random(n) < 0.5, true, rng.integers(0, n_labels, n))


def calibrated(seed: int, n: int) -> tuple[Floats, Bools]:
    """Draw confidences, and answers that are right with just these probabilities."""
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.3, 1.0, n)
    return confidence, rng.random(n) < confidence


@pytest.mark.parametrize("seed", range(5))
def test_confusion_accuracy_and_macro_f1_agree_with_scikit_learn(seed: int) -> None:
    """The three measures equal scikit-learn's on random labels."""
    true, predicted = random_labels(seed)
    confusion = metrics.confusion_matrix(true, predicted, 4)
    assert (confusion == confusion_matrix(true, predicted)).all()
    assert metrics.accuracy(confusion) == pytest.approx(accuracy_score(true, predicted))
    assert metrics.macro_f1(confusion) == pytest.approx(f1_score(true, predicted, average="macro"))


def test_macro_f1_leaves_out_labels_that_occur_nowhere() -> None:
    """A label neither true nor predicted does not count; one only predicted counts as 0."""
    true, predicted = np.array([0, 0, 1]), np.array([0, 3, 1])
    confusion = metrics.confusion_matrix(true, predicted, 5)
    # F1 by hand: label 0 has 2*1/(2*1+0+1) = 2/3, label 1 has 1, label 3 has 0.
    assert metrics.macro_f1(confusion) == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_calibration_error_by_hand() -> None:
    """Two bins of two: |0.5 - 0.55| and |1 - 0.85|, each half of the texts."""
    bins = metrics.reliability(np.array([0.5, 0.8, 0.9, 0.6]), bools("1110"), bins=2)
    assert [bin.count for bin in bins] == [2, 2]
    assert [(bin.low, bin.high) for bin in bins] == [(0.5, 0.6), (0.8, 0.9)]
    assert metrics.expected_calibration_error(bins) == pytest.approx(0.5 * 0.05 + 0.5 * 0.15)


def test_calibration_error_of_equal_confidences() -> None:
    """Two bins of known confidence and accuracy give the mean of their gaps."""
    bins = metrics.reliability(np.array([0.6, 0.6, 0.9, 0.9]), bools("1011"), bins=2)
    assert metrics.expected_calibration_error(bins) == pytest.approx((0.1 + 0.1) / 2)


def test_calibration_error_of_fewer_texts_than_bins() -> None:
    """Fewer texts than bins use one bin a text."""
    bins = metrics.reliability(np.array([0.8]), bools("1"))
    assert metrics.expected_calibration_error(bins) == pytest.approx(0.2)


def test_calibration_error_nears_zero_for_calibrated_answers() -> None:
    """Answers right as often as stated have an ECE near 0, and those of a braggart have not."""
    confidence, correct = calibrated(seed=0, n=100_000)
    honest = metrics.expected_calibration_error(metrics.reliability(confidence, correct))
    boasting = np.sqrt(confidence)
    bragged = metrics.expected_calibration_error(metrics.reliability(boasting, correct))
    assert honest < 0.01
    assert bragged == pytest.approx((boasting - confidence).mean(), abs=0.01)


def test_range_of_calibrated_ece_covers_calibrated_answers_alone() -> None:
    """Calibrated answers lie in the range about 19 times in 20, overconfident ones above it."""
    inside = 0
    for seed in range(40):
        confidence, correct = calibrated(seed, n=300)
        ece = metrics.expected_calibration_error(metrics.reliability(confidence, correct))
        low, high = metrics.ece_if_calibrated(confidence, seed=1)
        inside += low <= ece <= high
    assert inside >= 34
    confidence, correct = calibrated(seed=0, n=300)
    bragged = metrics.reliability(confidence**0.3, correct)
    _, high = metrics.ece_if_calibrated(confidence**0.3, seed=1)
    assert metrics.expected_calibration_error(bragged) > high


def test_fewer_texts_than_bins_make_a_bin_each() -> None:
    """Three texts in fifteen bins fill three, and the range can still be drawn."""
    confidence = np.array([0.5, 0.7, 0.9])
    assert [bin.count for bin in metrics.reliability(confidence, bools("101"))] == [1, 1, 1]
    low, high = metrics.ece_if_calibrated(confidence, seed=0)
    assert 0 <= low <= high <= 1


def test_risk_coverage_by_hand() -> None:
    """Sorted by confidence right, wrong, right, right: risks 0, 1/2, 1/3, 1/4 and their mean."""
    points, aurc = metrics.risk_coverage(np.array([0.6, 0.9, 0.8, 0.7]), bools("1101"))
    assert [point.coverage for point in points] == [0.25, 0.5, 0.75, 1.0]
    assert [point.threshold for point in points] == [0.9, 0.8, 0.7, 0.6]
    assert [point.accuracy for point in points] == pytest.approx([1, 1 / 2, 2 / 3, 3 / 4])
    assert aurc == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 4) / 4)


def test_risk_coverage_ends_at_the_whole() -> None:
    """The last of the hundred points answers everything, with the plain accuracy."""
    confidence, correct = calibrated(seed=3, n=777)
    points, aurc = metrics.risk_coverage(confidence, correct)
    assert len(points) == 100
    assert points[-1].coverage == 1
    assert points[-1].accuracy == pytest.approx(correct.mean())
    assert aurc < 1 - correct.mean()


@pytest.mark.parametrize("seed", range(5))
def test_intervals_contain_the_point_and_tell_the_spread(seed: int) -> None:
    """The interval of the accuracy has the width that the binomial law gives."""
    true, predicted = random_labels(seed, n=400)
    intervals = metrics.bootstrap_intervals(true, predicted, np.arange(400), 4, seed=0)
    confusion = metrics.confusion_matrix(true, predicted, 4)
    share = float(metrics.accuracy(confusion))
    assert intervals.accuracy[0] < share < intervals.accuracy[1]
    assert intervals.macro_f1[0] < metrics.macro_f1(confusion) < intervals.macro_f1[1]
    width = 2 * 1.96 * np.sqrt(share * (1 - share) / 400)
    assert intervals.accuracy[1] - intervals.accuracy[0] == pytest.approx(width, rel=0.15)


def test_whole_groups_are_drawn() -> None:
    """Each text written four times in its group gives as wide an interval as each text once."""
    true, predicted = random_labels(0, n=200)
    once = metrics.bootstrap_intervals(true, predicted, np.arange(200), 4, seed=0)
    groups = np.arange(200).repeat(4)
    fourfold = metrics.bootstrap_intervals(true.repeat(4), predicted.repeat(4), groups, 4, seed=0)
    assert fourfold == once


@pytest.mark.parametrize(
    ("only_model", "only_baseline", "p"),
    [
        # Both tails of a fair coin: 2 * (1 + 10) / 2**10.
        (9, 1, 2 * 11 / 1024),
        (1, 9, 2 * 11 / 1024),
        (3, 3, 1.0),
        (0, 0, 1.0),
    ],
)
def test_mcnemar_by_hand(only_model: int, only_baseline: int, p: float) -> None:
    """Texts on which both are right or both are wrong change nothing."""
    model = bools("1" * only_model + "0" * only_baseline + "1100")
    baseline = bools("0" * only_model + "1" * only_baseline + "1100")
    result = metrics.mcnemar(model, baseline)
    assert (result.only_model, result.only_baseline) == (only_model, only_baseline)
    assert result.p == pytest.approx(p)


def test_lengths_fall_into_bins_of_equal_number() -> None:
    """Ten different lengths make five bins of two, in order."""
    lengths = np.array([10, 1, 9, 2, 8, 3, 7, 4, 6, 5])
    bins = metrics.accuracy_by_length(lengths, lengths > 4)
    assert [(bin.low, bin.high, bin.count) for bin in bins] == [
        (1, 2, 2),
        (3, 4, 2),
        (5, 6, 2),
        (7, 8, 2),
        (9, 10, 2),
    ]
    assert [bin.accuracy for bin in bins] == [0, 0, 1, 1, 1]


def test_texts_of_one_length_share_a_bin() -> None:
    """Lengths that are all the same make a single bin."""
    (bin,) = metrics.accuracy_by_length(np.full(7, 3), bools("1110000"))
    assert (bin.low, bin.median, bin.high, bin.count) == (3, 3, 3, 7)
    assert bin.accuracy == pytest.approx(3 / 7)


def test_wilson_interval_by_hand() -> None:
    """All of 10 right: from 10 / (10 + 1.96 squared) to 1."""
    low, high = metrics.wilson_interval(bools("1" * 10))
    assert low == pytest.approx(10 / (10 + 1.959964**2), abs=1e-6)
    assert high == 1
