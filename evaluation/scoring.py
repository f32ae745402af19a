"""The model and the baselines on the views of the test texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.metrics import log_loss, precision_recall_fscore_support

from evaluation import metrics
from evaluation.figures import (
    Baselines,
    ComparedScore,
    Confusion,
    LabelScores,
    Score,
    ViewFigures,
)
from evaluation.metrics import Bools, Floats, Ints
from model.dataset import Examples
from model.pipeline import baseline_pipeline
from model.views import View

ThreadOf = Callable[[str], str | None]
CONFUSIONS = 5


class PredictsProba(Protocol):
    """A fitted classifier of texts, such as a scikit-learn Pipeline."""

    classes_: Any
    """Labels [n_labels], in the order of the columns of `predict_proba`."""

    def predict_proba(self, texts: list[str]) -> Any:
        """Return the labels' probabilities, [n_texts, n_labels]."""


Train = Callable[[list[str], list[str]], PredictsProba]
"""Trains on texts, as given, and their labels. Must pickle, and give the same model every time."""


@dataclass(frozen=True)
class HeldOut:
    """The test texts in each view, their labels and the threads that they belong to."""

    views: dict[str, list[str]]
    labels: list[str]
    """The model's labels, which the indices below refer to."""
    true: Ints
    """Index of each text's label, [n_texts]."""
    threads: list[str]
    """Thread key of each text."""

    @property
    def groups(self) -> Ints:
        """The threads, numbered from 0."""
        return np.unique(self.threads, return_inverse=True)[1].astype(np.int64)

    def score(self, predicted: Ints) -> Score:
        """Score predictions, [n_texts]."""
        confusion = metrics.confusion_matrix(self.true, predicted, len(self.labels))
        return Score(float(metrics.accuracy(confusion)), float(metrics.macro_f1(confusion)))


@dataclass(frozen=True)
class Predictions:
    """A classifier's answers on one view."""

    probabilities: Floats
    """[n_texts, n_labels], a column for each label of the test set."""
    predicted: Ints
    """Index of the likeliest label, [n_texts]."""
    confidence: Floats
    """Probability of that label, [n_texts]."""
    correct: Bools
    """Whether it is the true one, [n_texts]."""


def hold_out(
    test: Examples, labels: list[str], views: Mapping[str, View], thread_of: ThreadOf
) -> HeldOut:
    """Show the test texts through each view. All labels must be among `labels`."""
    index = {label: i for i, label in enumerate(labels)}
    return HeldOut(
        views={name: [view(text) for text in test.texts] for name, view in views.items()},
        labels=labels,
        true=np.array([index[label] for label in test.labels], dtype=np.int64),
        threads=thread_keys(test.texts, thread_of),
    )


def thread_keys(texts: Sequence[str], thread_of: ThreadOf) -> list[str]:
    """Return the thread of each text; a text without one makes a thread with its own copies."""
    return [thread_of(text) or text for text in texts]


def predict(classifier: PredictsProba, texts: list[str], test: HeldOut) -> Predictions:
    """Predict the texts of one view; a label that the classifier lacks has the probability 0."""
    probabilities = np.zeros((len(texts), len(test.labels)))
    columns = [test.labels.index(str(label)) for label in classifier.classes_]
    probabilities[:, columns] = classifier.predict_proba(texts)
    predicted = probabilities.argmax(axis=1).astype(np.int64)
    return Predictions(
        probabilities=probabilities,
        predicted=predicted,
        confidence=probabilities.max(axis=1),
        correct=predicted == test.true,
    )


def fit_challenge(train: Examples) -> PredictsProba:
    """Fit the challenge's model on the training texts as given."""
    fitted: PredictsProba = baseline_pipeline().fit(train.texts, train.labels)
    return fitted


def majority_predictions(train: Examples, test: HeldOut) -> Ints:
    """Predict the commonest training label for every text."""
    dummy = DummyClassifier(strategy="most_frequent").fit(train.texts, train.labels)
    commonest = test.labels.index(str(dummy.predict([""])[0]))
    return np.full(len(test.true), commonest, dtype=np.int64)


def view_figures(
    test: HeldOut, view: str, model: Predictions, challenge: Predictions, majority: Ints, seed: int
) -> ViewFigures:
    """Measure the model's answers on one view, beside the baselines' answers."""
    confusion = metrics.confusion_matrix(test.true, model.predicted, len(test.labels))
    bins = metrics.reliability(model.confidence, model.correct)
    points, aurc = metrics.risk_coverage(model.confidence, model.correct)
    lengths = np.array([len(text) for text in test.views[view]], dtype=np.int64)
    return ViewFigures(
        accuracy=float(metrics.accuracy(confusion)),
        macro_f1=float(metrics.macro_f1(confusion)),
        ece=metrics.expected_calibration_error(bins),
        mean_confidence=float(model.confidence.mean()),
        log_loss=float(
            log_loss(test.true, model.probabilities, labels=np.arange(len(test.labels)))
        ),
        aurc=aurc,
        intervals=metrics.bootstrap_intervals(
            test.true, model.predicted, test.groups, len(test.labels), seed
        ),
        ece_if_calibrated=metrics.ece_if_calibrated(model.confidence, seed),
        baselines=_baselines(test, model, challenge, majority),
        per_label=_per_label(test, model.predicted),
        confusion=confusion.tolist(),
        confusions=largest_confusions(confusion, test.labels),
        reliability=bins,
        risk_coverage=points,
        by_length=metrics.accuracy_by_length(lengths, model.correct),
    )


def largest_confusions(confusion: Ints, labels: Sequence[str]) -> list[Confusion]:
    """The commonest kinds of mistake, most frequent first, at most five."""
    support = confusion.sum(axis=1)
    mistakes = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-mistakes, axis=None, kind="stable")[:CONFUSIONS]
    pairs = [divmod(int(cell), len(labels)) for cell in order]
    return [
        Confusion(labels[row], labels[column], int(mistakes[row, column]), int(support[row]))
        for row, column in pairs
        if mistakes[row, column] > 0
    ]


def _baselines(
    test: HeldOut, model: Predictions, challenge: Predictions, majority: Ints
) -> Baselines:
    scored = test.score(challenge.predicted)
    return Baselines(
        majority=test.score(majority),
        challenge=ComparedScore(
            accuracy=scored.accuracy,
            macro_f1=scored.macro_f1,
            mcnemar=metrics.mcnemar(model.correct, challenge.correct),
        ),
    )


def _per_label(test: HeldOut, predicted: Ints) -> dict[str, LabelScores]:
    scores = precision_recall_fscore_support(
        test.true, predicted, labels=np.arange(len(test.labels)), zero_division=0.0
    )
    return {
        label: LabelScores(float(precision), float(recall), float(f1), int(support))
        for label, precision, recall, f1, support in zip(test.labels, *scores, strict=True)
    }
