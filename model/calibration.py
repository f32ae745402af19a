"""Calibration: a softmax temperature from predictions on texts not trained on."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import Pipeline

Floats = npt.NDArray[np.floating[Any]]
Indices = npt.NDArray[np.intp]
Views = Mapping[str, Sequence[str]]

FOLDS = 5
"""Folds of the out-of-fold predictions: each sees 80 % of the data, at five extra fits."""


@dataclass(frozen=True)
class OutOfFold:
    """Uncalibrated scores of each view, (n_texts, n_classes); NaN where none was predicted."""

    classes: npt.NDArray[Any]
    scores: Mapping[str, Floats]

    def known(self) -> npt.NDArray[np.bool_]:
        """Which texts have been predicted, (n_texts,)."""
        first = next(iter(self.scores.values()))
        return np.asarray(~np.isnan(first).any(axis=1))


def fit_calibrated(
    pipeline: Pipeline,
    views: Views,
    labels: Sequence[Any],
    groups: npt.ArrayLike | None = None,
    related: npt.ArrayLike | None = None,
) -> Pipeline:
    """Fit `pipeline` on all views of all texts, calibrated on out-of-fold predictions.

    `views` maps a name to the n texts of that view; `labels`, `groups` and `related` have
    one value per text. For each of five folds the whole pipeline, vectoriser included, is
    fitted on texts that share neither a group nor a related number with the fold, and
    scores all views of the fold. One temperature is fitted on all scores, then the pipeline
    on all texts. With too few texts to predict any out of fold, the pipeline keeps the
    temperature it came with, under a warning. `pipeline` itself is left as it was.
    """
    names = np.asarray(labels)
    outside = out_of_fold(pipeline, views, names, groups, related)
    fitted = clone(pipeline)
    if outside.known().any():
        _set_temperature(fitted, pooled_temperature(outside, names))
    else:
        warnings.warn("Too few texts of a label to calibrate: default temperature.", stacklevel=2)
    return fit_views(fitted, views, names, np.arange(len(names)))


def out_of_fold(
    pipeline: Pipeline,
    views: Views,
    labels: npt.NDArray[Any],
    groups: npt.ArrayLike | None = None,
    related: npt.ArrayLike | None = None,
    seed: int = 0,
) -> OutOfFold:
    """Scores, at temperature 1, of every text by a pipeline that saw nothing akin to it."""
    classes = np.unique(labels)
    scores = {name: np.full((len(labels), len(classes)), np.nan) for name in views}
    for train, held in grouped_folds(labels, groups, related, seed):
        fitted = fit_views(_set_temperature(clone(pipeline), 1.0), views, labels, train)
        for name, texts in views.items():
            probabilities = fitted.predict_proba([texts[i] for i in held])
            scores[name][held] = np.log(np.maximum(probabilities, np.finfo(float).tiny))
    return OutOfFold(classes, scores)


def grouped_folds(
    labels: npt.NDArray[Any],
    groups: npt.ArrayLike | None = None,
    related: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Iterator[tuple[Indices, Indices]]:
    """Pairs of training and held-out rows; a group is never on both sides of a pair.

    Training rows whose `related` number also occurs in the held-out rows are left out of
    the pair: posts of one author, say, who writes in many threads, so that grouping by both
    would make one group of most posts. Pairs that cannot train on every label are skipped.
    """
    ids = np.arange(len(labels)) if groups is None else np.asarray(groups)
    folds = min(FOLDS, _groups_of_rarest(labels, ids))
    if folds < 2:
        return
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for train, held in splitter.split(ids, labels, ids):
        if related is not None:
            kin = np.asarray(related)
            train = train[~np.isin(kin[train], kin[held])]
        if len(np.unique(labels[train])) == len(np.unique(labels)):
            yield train, held


def pooled_temperature(outside: OutOfFold, labels: npt.NDArray[Any]) -> float:
    """The one temperature that suits the scores of all views of the predicted texts."""
    known = outside.known()
    scores = np.vstack([view[known] for view in outside.scores.values()])
    codes = np.searchsorted(outside.classes, labels[known])
    return fit_temperature(scores, np.tile(codes, len(outside.scores)))


def fit_temperature(scores: Floats, codes: Indices) -> float:
    """The temperature of least negative log-likelihood (Guo et al., ICML 2017), 0.003 to 20.

    `scores` (n, n_classes) are uncalibrated, `codes` (n,) the column of each true label;
    probabilities are softmax(scores / temperature). Targets are smoothed as if one more
    text had every label equally (after Platt, 1999), so that scores without an error on a
    few texts do not ask for certainty.
    """
    count = len(codes)
    rows = np.arange(count)

    def loss(log_inverse: float) -> float:
        logs = log_softmax(scores * np.exp(log_inverse), axis=1)
        return -float(count * logs[rows, codes].mean() + logs.mean()) / (count + 1)

    found = minimize_scalar(loss, bounds=(-3.0, 6.0), method="bounded")
    # Three decimals: well inside the uncertainty, well outside the solver's last bits.
    return float(np.exp(-np.round(found.x, 3)))


def fit_views(
    pipeline: Pipeline, views: Views, labels: npt.NDArray[Any], rows: Indices
) -> Pipeline:
    """Fit on the given rows of every view, stacked view by view."""
    texts = [view[i] for view in views.values() for i in rows]
    fitted: Pipeline = pipeline.fit(texts, np.tile(labels[rows], len(views)))
    return fitted


def _groups_of_rarest(labels: npt.NDArray[Any], ids: npt.NDArray[Any]) -> int:
    """The number of groups of the label that occurs in the fewest."""
    return min(len(np.unique(ids[labels == label])) for label in np.unique(labels))


def _set_temperature(pipeline: Pipeline, temperature: float) -> Pipeline:
    pipeline[-1].set_params(temperature=temperature)
    return pipeline
