"""What a pipeline computes, if it is linear in the terms of a text: vectorizers and one matrix."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from model.text import clean_all

Floats = NDArray[np.float64]


class NotCompilableError(Exception):
    """The pipeline is not one that can be folded into matrices; the message says why."""


class Features(NamedTuple):
    """A vectorizer, and what the estimator makes of its terms."""

    vectorizer: TfidfVectorizer
    weights: Floats
    """Centred over the labels, [n_labels, n_terms]."""
    prefix: str
    """What scikit-learn puts before the names of the terms."""

    def term_weights(self) -> Floats:
        """The idf * W of each term for each label, [n_terms, n_labels]."""
        weighted: Floats = self.weights.T * self.vectorizer.idf_[:, None]
        return weighted


def cleans(pipeline: Pipeline) -> bool:
    """Return whether a pipeline's first step cleans the texts, as `model.text` does."""
    first = pipeline[0]
    return isinstance(first, FunctionTransformer) and first.func is clean_all


def fold(pipeline: Pipeline) -> tuple[list[Features], Floats]:
    """Take a pipeline apart: its features, and the intercepts, [n_labels], centred, too.

    Raises NotCompilableError for a pipeline of another kind.
    """
    steps = [step for _, step in pipeline.steps][cleans(pipeline) :]
    if len(steps) != 2:
        raise NotCompilableError("its steps are not a vectorizer and an estimator")
    vectorizers = _vectorizers(steps[0])
    weights, intercept = _weights(steps[1])
    ends = np.cumsum([len(vectorizer.idf_) for vectorizer, _, _ in vectorizers])
    own_weights = np.split(weights, ends[:-1], axis=1)
    features = [
        Features(vectorizer, factor * own, prefix)
        for (vectorizer, factor, prefix), own in zip(vectorizers, own_weights, strict=True)
    ]
    return features, intercept


def term_weights(pipeline: Pipeline) -> tuple[list[str], Floats]:
    """Return all known terms and the idf * W of each for each label, [n_terms, n_labels].

    Raises NotCompilableError as `fold` does.
    """
    features, _ = fold(pipeline)
    weights = np.concatenate([one.term_weights() for one in features])
    return pipeline[-2].get_feature_names_out().tolist(), weights


def _vectorizers(step: Any) -> list[tuple[TfidfVectorizer, float, str]]:
    """The vectorizers of a step, each with its factor and the prefix of its terms."""
    found = [(step, 1.0, "")]
    if isinstance(step, FeatureUnion):
        factors = step.transformer_weights or {}
        found = [
            (one, factors.get(name, 1.0), f"{name}__" if step.verbose_feature_names_out else "")
            for name, one in step.transformer_list
        ]
    for vectorizer, _, _ in found:
        # A class made of it may do anything else.
        if type(vectorizer) is not TfidfVectorizer:
            kind = vectorizer if isinstance(vectorizer, str) else type(vectorizer).__name__
            raise NotCompilableError(f"its features are made by {kind}, not by TfidfVectorizer")
        if (vectorizer.norm, vectorizer.use_idf, vectorizer.binary) != ("l2", True, False):
            raise NotCompilableError(
                "its vectorizer does not count, weigh by idf and normalise to l2"
            )
        if vectorizer.input != "content":
            raise NotCompilableError("its vectorizer reads files, not texts")
        if vectorizer.dtype != np.float64:
            raise NotCompilableError("its vectorizer does not compute in double precision")
    return found


def _weights(estimator: Any) -> tuple[Floats, Floats]:
    """Weights [n_labels, n_terms] and intercepts [n_labels], both centred over the labels.

    scikit-learn keeps one row for two labels, the second's; softmax of (0, z) is its sigmoid of z.
    """
    missing = [name for name in ("coef_", "intercept_", "classes_") if not hasattr(estimator, name)]
    if missing:
        raise NotCompilableError(
            f"its estimator {type(estimator).__name__} has no {' and '.join(missing)}"
        )
    # For two labels some estimators, such as RidgeClassifier, keep the row as a vector.
    coef = np.atleast_2d(np.asarray(estimator.coef_))
    n_labels = len(estimator.classes_)
    # A sparse matrix makes an array of one object here.
    if coef.dtype == object or len(coef) != (1 if n_labels == 2 else n_labels):
        raise NotCompilableError("its estimator's coef_ is no dense matrix of one row a label")
    weights = coef.astype(np.float64)
    intercept = np.broadcast_to(np.asarray(estimator.intercept_, np.float64), len(weights))
    if len(weights) == 1:
        weights, intercept = np.vstack([0 * weights, weights]), np.append(0.0, intercept)
    return weights - weights.mean(axis=0), intercept - intercept.mean()
