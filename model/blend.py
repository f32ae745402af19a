"""The classifier: complement naive Bayes and an NB-scaled linear SVM folded into one matrix."""

from __future__ import annotations

from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.svm import LinearSVC
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = npt.NDArray[np.floating[Any]]
# Dense or sparse; SciPy publishes no types to distinguish them by.
Matrix: TypeAlias = Any
Linear = tuple[Floats, Floats]

WEIGHT_DECIMALS = 3
"""Decimals kept of a weight. A unit-length text of 200 words moves by less than 0.01 in log-odds,
and equal digits make the artifact small and the same on every BLAS."""


class NaiveBayesSVMBlend(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A weighted sum of two linear classifiers over the same non-negative features.

    * Complement naive Bayes: the weight of a feature for a class is minus the smoothed log
      frequency of the feature in all other classes (Rennie, Shih, Teevan and Karger,
      "Tackling the Poor Assumptions of Naive Bayes Text Classifiers", ICML 2003, section
      3.1).
    * Linear SVM, one against the rest (Cortes and Vapnik, "Support-Vector Networks", 1995;
      solver of Fan et al., "LIBLINEAR", JMLR 2008), over features multiplied by the largest
      magnitude over the classes of their naive Bayes log-count ratio (Wang and Manning,
      "Baselines and Bigrams", ACL 2012; they scale per class, one shared scale serves as
      well here and needs a single fit).

    Each part is divided by the standard deviation of its training scores, so that
    `nb_weight` means the same on any dataset. The temperature (Guo, Pleiss, Sun and
    Weinberger, "On Calibration of Modern Neural Networks", ICML 2017) is folded into the
    weights as well: the fitted model is one matrix, one intercept and a softmax.

    Parameters
    ----------
    nb_weight : share of naive Bayes in the sum, from 0 (SVM alone) to 1 (naive Bayes alone).
    smoothing : pseudo-count of naive Bayes in both parts, in units of feature weight; > 0.
    C : inverse regularisation of the SVM; > 0.
    temperature : positive number the summed scores are divided by.
    random_state : seed of the SVM solver's order of visits.

    Attributes
    ----------
    classes_ : (n_classes,) sorted labels.
    coef_ : (n_classes, n_features) float32; (1, n_features) for two classes.
    intercept_ : (n_classes,) float32; (1,) for two classes.
    n_features_in_ : number of features seen by `fit`.
    """

    def __init__(
        self,
        nb_weight: float = 0.6,
        smoothing: float = 0.15,
        C: float = 0.1,
        temperature: float = 1.0,
        random_state: int = 0,
    ) -> None:
        self.nb_weight = nb_weight
        self.smoothing = smoothing
        self.C = C
        self.temperature = temperature
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.positive_only = True
        return tags

    def fit(self, X: Matrix, y: npt.ArrayLike) -> Self:
        """Learn from X (n_samples, n_features) >= 0 and n_samples labels.

        Raises ValueError for negative features or fewer than two classes.
        """
        X, labels = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64)
        check_classification_targets(labels)
        _require_non_negative(X)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        _require_two(self.classes_)
        frequencies = _class_frequencies(X, codes, len(self.classes_))
        bayes = _standardised(complement_nb(frequencies, self.smoothing), X)
        svm = _standardised(self._scaled_svm(X, codes, frequencies), X)
        weights = (self.nb_weight * bayes[0] + (1 - self.nb_weight) * svm[0]) / self.temperature
        biases = (self.nb_weight * bayes[1] + (1 - self.nb_weight) * svm[1]) / self.temperature
        self._keep(weights, biases)
        return self

    def decision_function(self, X: Matrix) -> Floats:
        """Log-odds up to a constant per row, (n_samples, n_classes).

        With two classes (n_samples,): the log-odds of `classes_[1]`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        scores: Floats = np.asarray(X @ self.coef_.T) + self.intercept_
        return scores.ravel() if len(self.classes_) == 2 else scores

    def predict(self, X: Matrix) -> npt.NDArray[Any]:
        """The most probable label of each row, (n_samples,)."""
        scores = self.decision_function(X)
        best = (scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[best]
        return labels

    def predict_proba(self, X: Matrix) -> Floats:
        """Probabilities (n_samples, n_classes): the softmax of the scores."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return np.column_stack([expit(-scores), expit(scores)])
        return np.asarray(softmax(scores, axis=1))

    def _scaled_svm(self, X: Matrix, codes: npt.NDArray[np.intp], frequencies: Floats) -> Linear:
        scale = np.abs(log_count_ratios(frequencies, self.smoothing)).max(axis=0)
        # Looser than the default tolerance: the same accuracy in a third of the time.
        svm = LinearSVC(C=self.C, tol=1e-3, random_state=self.random_state)
        svm.fit(sp.csr_array(X) @ sp.diags_array(scale), codes)
        weights, biases = svm.coef_ * scale, svm.intercept_
        if len(weights) == 1:
            return np.vstack([-weights, weights]), np.concatenate([-biases, biases])
        return weights, biases

    def _keep(self, weights: Floats, biases: Floats) -> None:
        if len(weights) == 2:
            weights, biases = weights[1:] - weights[:1], biases[1:] - biases[:1]
        self.coef_ = np.round(weights, WEIGHT_DECIMALS).astype(np.float32)
        self.intercept_ = np.round(biases, WEIGHT_DECIMALS).astype(np.float32)


def complement_nb(frequencies: Floats, smoothing: float) -> Linear:
    """Weights and zero biases of complement naive Bayes from (n_classes, n_features) sums."""
    complement = frequencies.sum(axis=0) - frequencies + smoothing
    weights = -np.log(complement / complement.sum(axis=1, keepdims=True))
    # What a feature adds to every class alike cannot change a softmax; left in, it would
    # count in the spread of the scores.
    return weights - weights.mean(axis=0), np.zeros(len(frequencies))


def log_count_ratios(frequencies: Floats, smoothing: float) -> Floats:
    """log of a feature's share in each class over its share in the rest, same shape."""
    inside = frequencies + smoothing
    outside = frequencies.sum(axis=0) - frequencies + smoothing
    shares = inside / inside.sum(axis=1, keepdims=True)
    rest = outside / outside.sum(axis=1, keepdims=True)
    return np.asarray(np.log(shares / rest))


def _class_frequencies(X: Matrix, codes: npt.NDArray[np.intp], count: int) -> Floats:
    """Sum of each feature over the rows of each class, (n_classes, n_features)."""
    members = sp.csr_array((np.ones(len(codes)), (codes, np.arange(len(codes)))))
    sums = members @ sp.csr_array(X)
    return np.asarray(sums.toarray()).reshape(count, -1)


def _standardised(linear: Linear, X: Matrix) -> Linear:
    """`linear` divided by the standard deviation of its scores on X (by 1 if they are equal)."""
    weights, biases = linear
    spread = float(np.std(np.asarray(X @ weights.T) + biases)) or 1.0
    return weights / spread, biases / spread


def _require_non_negative(X: Matrix) -> None:
    values = X.data if sp.issparse(X) else X
    if values.size and values.min() < 0:
        raise ValueError("Negative values in data passed to NaiveBayesSVMBlend.fit")


def _require_two(classes: npt.NDArray[Any]) -> None:
    if len(classes) < 2:
        raise ValueError(f"At least two classes are needed; the data has {len(classes)} class.")
