"""Tests of the blend classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.naive_bayes import ComplementNB
from sklearn.utils.estimator_checks import parametrize_with_checks

from model.blend import NaiveBayesSVMBlend, complement_nb, log_count_ratios

Data = tuple[npt.NDArray[np.float64], npt.NDArray[Any]]

EXPECTED_FAILURES = {
    "check_decision_proba_consistency": (
        "the check draws negative features in spite of the positive_only tag"
    )
}


# Some checks are for pandas or other array libraries, where those are installed.
@pytest.mark.may_skip
@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [NaiveBayesSVMBlend()], expected_failed_checks=lambda _: EXPECTED_FAILURES
)
def test_scikit_learn_contract(estimator: Any, check: Any) -> None:
    """The classifier follows scikit-learn's conventions."""
    check(estimator)


@pytest.fixture(name="data")
def _data() -> Data:
    """Three classes, each with two features of its own among two shared ones."""
    random = np.random.default_rng(0)
    labels = np.repeat(["b", "a", "c"], 20)
    counts = random.poisson(0.5, (60, 8)).astype(np.float64)
    for column, label in enumerate(["a", "b", "c"]):
        counts[labels == label, 2 * column : 2 * column + 2] += 2
    return counts / np.linalg.norm(counts, axis=1, keepdims=True), labels


def test_learns_separable_classes(data: Data) -> None:
    """Classes with features of their own are distinguished, with sorted `classes_`."""
    model = NaiveBayesSVMBlend().fit(*data)
    assert model.classes_.tolist() == ["a", "b", "c"]
    assert model.score(*data) > 0.95


def test_is_one_matrix(data: Data) -> None:
    """Probabilities are the softmax of features times `coef_` plus `intercept_`."""
    features, labels = data
    model = NaiveBayesSVMBlend().fit(features, labels)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32
    exponentials = np.exp(features @ model.coef_.T + model.intercept_)
    expected = exponentials / exponentials.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(features), expected, rtol=1e-6)


def test_sparse_and_dense_agree(data: Data) -> None:
    """Sparse and dense features give the same weights and probabilities."""
    features, labels = data
    dense = NaiveBayesSVMBlend().fit(features, labels)
    sparse = NaiveBayesSVMBlend().fit(sp.csr_array(features), labels)
    np.testing.assert_allclose(sparse.coef_, dense.coef_, atol=2e-3)
    np.testing.assert_allclose(
        dense.predict_proba(sp.csr_array(features)), dense.predict_proba(features)
    )


def test_two_classes(data: Data) -> None:
    """Two classes have one row of weights, whose score is the log-odds of the second."""
    features, labels = data
    model = NaiveBayesSVMBlend().fit(features, labels == "a")
    scores = model.decision_function(features)
    probabilities = model.predict_proba(features)
    assert model.coef_.shape == (1, 8)
    assert scores.shape == (60,)
    np.testing.assert_allclose(np.log(probabilities[:, 1] / probabilities[:, 0]), scores)
    np.testing.assert_array_equal(model.predict(features), scores > 0)


def test_temperature_divides_scores(data: Data) -> None:
    """Twice the temperature halves the scores and leaves predictions alone."""
    features, labels = data
    cold = NaiveBayesSVMBlend(temperature=0.5).fit(features, labels)
    warm = clone(cold).set_params(temperature=1.0).fit(features, labels)
    np.testing.assert_allclose(
        cold.decision_function(features), 2 * warm.decision_function(features), atol=1e-2
    )


def test_refit_gives_the_same_weights(data: Data) -> None:
    """Training twice on the same data gives equal bits."""
    first = NaiveBayesSVMBlend().fit(*data)
    second = NaiveBayesSVMBlend().fit(*data)
    assert first.coef_.tobytes() == second.coef_.tobytes()


def test_naive_bayes_part_is_scikit_learns(data: Data) -> None:
    """The naive Bayes weights are those of ComplementNB, up to a constant per feature."""
    features, labels = data
    reference = ComplementNB(alpha=0.15).fit(features, labels)
    weights, _ = complement_nb(reference.feature_count_, 0.15)
    expected = reference.feature_log_prob_ - reference.feature_log_prob_.mean(axis=0)
    np.testing.assert_allclose(weights, expected)


def test_log_count_ratios() -> None:
    """The ratio is the log of the smoothed share inside a class over that outside."""
    ratios = log_count_ratios(np.array([[3.0, 0.0], [0.0, 1.0]]), 1.0)
    expected = np.log((4 / 5) / (1 / 3))
    assert ratios[0, 0] == pytest.approx(expected)
    assert ratios[1, 0] == pytest.approx(-expected)


def test_refuses_negative_features(data: Data) -> None:
    """Negative features raise ValueError: naive Bayes has no meaning for them."""
    features, labels = data
    with pytest.raises(ValueError, match="Negative values"):
        NaiveBayesSVMBlend().fit(features - 1, labels)


def test_refuses_a_single_class(data: Data) -> None:
    """A single class raises ValueError."""
    with pytest.raises(ValueError, match="two classes"):
        NaiveBayesSVMBlend().fit(data[0], np.zeros(60))
