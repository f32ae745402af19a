"""Cross-validation of a candidate, and what its predictions say: the grounds for a choice.

Knows nothing of files, tables or plots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from evaluation.comparison.candidates import Candidate
from model.calibration import Views, fit_views, grouped_folds
from model.errors import DatasetError

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[Any]

COST_TOLERANCE = 0.1
"""Prices closer than this share count as equal: timings of a busy machine differ by as much."""


@dataclass(frozen=True)
class Trial:
    """Out-of-fold answers of one assignment of texts to folds.

    `rows` are the texts that were predicted, (n,); `truth` their labels, (n,); `predicted` maps
    each view to the labels that it was given, (n,).
    """

    rows: npt.NDArray[np.intp]
    truth: Labels
    predicted: Mapping[str, Labels]

    def accuracy(self) -> dict[str, float]:
        """Share of the texts labelled rightly, per view."""
        return {
            view: float(np.mean(answers == self.truth)) for view, answers in self.predicted.items()
        }

    def macro_f1(self) -> dict[str, float]:
        """Unweighted mean of the labels' F1, per view."""
        return {
            view: float(f1_score(self.truth, answers, average="macro"))
            for view, answers in self.predicted.items()
        }

    def correct(self) -> Floats:
        """Share of the views in which each text was labelled rightly, (n,)."""
        answers = np.array(list(self.predicted.values()))
        return np.asarray((answers == self.truth).mean(axis=0))


def training_views(candidate: Candidate, views: Views) -> Views:
    """The views that a candidate is trained on."""
    first = next(iter(views))
    return {first: views[first]} if candidate.first_view_only else views


def cross_validate(
    candidate: Candidate,
    views: Views,
    labels: Labels,
    groups: npt.ArrayLike | None = None,
    related: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Trial:
    """Fit a candidate on the training part of each fold and predict every view of the rest.

    `views` maps a name to the n texts of that view; the other arguments are those of
    `calibration.grouped_folds`, so without `groups` the folds are shuffled ones. Raises
    DatasetError when the texts are too few, or in too few groups, to make folds of.
    """
    shown = training_views(candidate, views)
    rows: list[npt.NDArray[np.intp]] = []
    answers: dict[str, list[Labels]] = {view: [] for view in views}
    for train, held in grouped_folds(labels, groups, related, seed):
        fitted = fit_views(candidate.build(), shown, labels, train)
        rows.append(held)
        for view, texts in views.items():
            answers[view].append(fitted.predict([texts[i] for i in held]))
    if not rows:
        raise DatasetError(
            "the training file has a label whose examples are all of one thread, so nothing can"
            " be cross-validated: add examples of other threads"
        )
    order = np.concatenate(rows)
    predicted = {view: np.concatenate(parts) for view, parts in answers.items()}
    return Trial(order, labels[order], predicted)


def paired_difference(
    changed: Sequence[Trial], served: Sequence[Trial], groups: npt.NDArray[np.intp]
) -> tuple[float, float]:
    """What a change does to the accuracy of the mean view, and the standard error of that.

    Both have been tried on the same folds; trials without a partner are left out. The error is
    that of a mean over clusters (Liang and Zeger, 1986), the clusters being the groups.
    """
    differences = np.zeros(len(groups))
    pairs = list(zip(changed, served, strict=False))
    for ours, theirs in pairs:
        differences[ours.rows] += ours.correct()
        differences[theirs.rows] -= theirs.correct()
    differences /= len(pairs)
    mean = float(differences.mean())
    sums = np.bincount(groups, differences - mean)
    return mean, float(np.sqrt(np.sum(sums**2)) / len(groups))


def pareto_front(
    costs: Sequence[float], accuracies: Sequence[float], tolerance: float = COST_TOLERANCE
) -> list[bool]:
    """Return of each point whether no other is better in one respect and no worse in the other.

    Costs within `tolerance`, a share, of each other count as equal.
    """
    points = list(zip(costs, accuracies, strict=True))

    def beaten(cost: float, accuracy: float) -> bool:
        return any(
            (other > accuracy and price <= cost * (1 + tolerance))
            or (other == accuracy and price * (1 + tolerance) < cost)
            for price, other in points
        )

    return [not beaten(*point) for point in points]
