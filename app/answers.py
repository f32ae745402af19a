"""What the service says of one text: the label and, when asked for, scores and an explanation.

May import the options and the metrics of ours, and the classifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from app.metrics.predictions import PredictionMetrics
from app.options import Options
from model.classifier import Classifier, Evidence, Prediction
from model.rounding import shown, shown_scores


class Term(msgspec.Struct):
    """A term of the text and what it adds to the score of the label."""

    term: str
    weight: float


class Explanation(msgspec.Struct):
    """Why the label: score = bias + the weights of supporting and opposing + rest."""

    score: float
    bias: float
    supporting: list[Term]
    opposing: list[Term]
    rest: float


class Answer(NamedTuple):
    """All that was asked about one text."""

    label: str
    scores: dict[str, float] | None = None
    """Probability by label."""
    explanation: Explanation | None = None


def answer(
    classifier: Classifier, metrics: PredictionMetrics, text: str, options: Options
) -> Answer:
    """Classify a text, count that, and tell what the options ask for."""
    return _tell(classifier, metrics, text, classifier.predict(text), options)


def answer_many(
    classifier: Classifier, metrics: PredictionMetrics, texts: Sequence[str], options: Options
) -> list[Answer]:
    """Do the same for many texts, in order."""
    return [
        _tell(classifier, metrics, text, found, options)
        for text, found in zip(texts, classifier.predict_many(texts), strict=True)
    ]


def _tell(
    classifier: Classifier,
    metrics: PredictionMetrics,
    text: str,
    found: Prediction,
    options: Options,
) -> Answer:
    metrics.observe_prediction(found, len(text))
    scores = explanation = None
    if options.scores:
        scores = shown_scores(classifier.labels, found.probabilities)
    if options.explain:
        explanation = explain(classifier, text, found.label, options.explain)
    return Answer(found.label, scores, explanation)


def explain(classifier: Classifier, text: str, label: str, most: int) -> Explanation:
    """Tell why a text scores as it does for a label, by at most `most` terms on either side."""
    found = classifier.explain(text, label, most)
    return Explanation(
        shown(found.score),
        shown(found.bias),
        _terms(found.supporting),
        _terms(found.opposing),
        shown(found.rest),
    )


def _terms(evidence: list[Evidence]) -> list[Term]:
    return [Term(term, shown(weight)) for term, weight in evidence]
