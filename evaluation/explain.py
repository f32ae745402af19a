"""Why the model answers as it does: its strongest terms, and its most confident mistakes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from evaluation.figures import TermWeight
from evaluation.scoring import HeldOut, Predictions
from model.compiled import CompiledPipeline
from model.folding import NotCompilableError, term_weights

STRONGEST = 15
MISTAKES = 20
SPEAKING = 6
EXCERPT = 420


@dataclass(frozen=True)
class Explanation:
    """How a text's terms spoke for the predicted label or for the true one, of these two.

    Weights and sums are contributions to the logarithm of the odds between the two labels.
    """

    known_terms: int
    sum_for_predicted: float
    sum_for_true: float
    for_predicted: list[TermWeight]
    for_true: list[TermWeight]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer of the model, with an excerpt of the text: not for publication as data."""

    number: int
    """Place of the text in the test file, from 1."""
    true: str
    predicted: str
    confidence: float
    probability_of_true: float
    in_known_thread: bool
    excerpt: str
    explanation: Explanation | None
    """None for a model that is not linear in its terms."""


def compile_pipeline(pipeline: Pipeline) -> CompiledPipeline | None:
    """Compile a pipeline for explaining it; None when it is not linear in its terms."""
    try:
        return CompiledPipeline(pipeline)
    except NotCompilableError:
        return None


def strongest_terms(pipeline: Pipeline, labels: list[str]) -> dict[str, list[TermWeight]] | None:
    """Return the fifteen terms that speak most for each label: those of the largest idf * weight.

    The weights are centred, so a term's weight is what it adds over the mean of the labels. None
    for a pipeline that is not linear in its terms.
    """
    try:
        terms, weights = term_weights(pipeline)
    except NotCompilableError:
        return None
    return {label: _largest(terms, weights[:, i], STRONGEST) for i, label in enumerate(labels)}


def confident_mistakes(
    test: HeldOut,
    view: str,
    predictions: Predictions,
    compiled: CompiledPipeline | None,
    in_known_thread: NDArray[np.bool_],
) -> list[Mistake]:
    """Explain the twenty wrong answers that the model was surest of, the surest first."""
    surest = np.argsort(-predictions.confidence, kind="stable")
    wrong = [int(i) for i in surest if not predictions.correct[i]][:MISTAKES]
    return [
        Mistake(
            number=i + 1,
            true=test.labels[true],
            predicted=test.labels[predicted],
            confidence=float(predictions.confidence[i]),
            probability_of_true=float(predictions.probabilities[i, true]),
            in_known_thread=bool(in_known_thread[i]),
            excerpt=excerpt(text),
            explanation=_explain(compiled, text, predicted, true) if compiled else None,
        )
        for i in wrong
        for true, predicted, text in [
            (int(test.true[i]), int(predictions.predicted[i]), test.views[view][i])
        ]
    ]


def excerpt(text: str) -> str:
    """Return a text's beginning, without control characters and empty lines."""
    shown = "".join(char if char.isprintable() or char == "\n" else " " for char in text)
    lines = "\n".join(line.rstrip() for line in shown.splitlines() if line.strip())
    return lines if len(lines) <= EXCERPT else lines[:EXCERPT].rstrip() + " …"


def _explain(compiled: CompiledPipeline, text: str, predicted: int, true: int) -> Explanation:
    terms, contributions = compiled.contributions(text)
    difference = contributions[:, predicted] - contributions[:, true]
    return Explanation(
        known_terms=len(terms),
        sum_for_predicted=float(difference[difference > 0].sum()),
        sum_for_true=float(-difference[difference < 0].sum()),
        for_predicted=_largest(terms, difference, SPEAKING),
        for_true=_largest(terms, -difference, SPEAKING),
    )


def _largest(terms: list[str], weights: NDArray[np.float64], count: int) -> list[TermWeight]:
    """The terms of the largest positive weights."""
    order = np.argsort(-weights, kind="stable")[:count]
    return [TermWeight(terms[i], float(weights[i])) for i in order if weights[i] > 0]
