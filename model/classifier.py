"""The classifier that is served: a text in, a label and its probability out.

A classifier never changes once made, so it is safe to share between threads and to fork.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from math import exp
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from sklearn.pipeline import Pipeline

from model import artifact
from model.artifact import CANARY_TOLERANCE
from model.compiled import CompiledPipeline
from model.folding import Floats, NotCompilableError
from model.manifest import Manifest

log = logging.getLogger(__name__)


class Prediction(NamedTuple):
    """What the classifier says of one text."""

    label: str
    probability: float
    """Calibrated probability of the label."""
    probabilities: Sequence[float]
    """Probability of each label, [n_labels], in the order of `Classifier.labels`."""
    known_share: float
    """Share of the text's terms that training knew; NaN where it is not known."""


class Evidence(NamedTuple):
    """A term of a text and what it adds to the score of a label."""

    term: str
    weight: float


class Explanation(NamedTuple):
    """Why a text got its label: score = bias + the weights of supporting + opposing + rest.

    The score is the label's log-probability less the mean log-probability of all labels, so a
    weight above 0 speaks for the label, one below 0 against it.
    """

    label: str
    score: float
    bias: float
    supporting: list[Evidence]
    """The terms that spoke most for the label, strongest first."""
    opposing: list[Evidence]
    """The terms that spoke most against it, strongest first."""
    rest: float
    """Sum over the terms that are not listed."""


class Scorer(Protocol):
    """Something that gives texts their probabilities and their shares of known terms."""

    def score_many(self, texts: Sequence[str]) -> tuple[list[list[float]], list[float]]:
        """Probabilities of each text by label, and each text's share; in the texts' order."""
        ...

    def evidence(self, text: str) -> tuple[list[str], Floats, Floats]:
        """Terms, their weights [n_terms, n_labels] and the bias [n_labels] of the scores."""
        ...


class Classifier:
    """Predicts the labels of texts."""

    def __init__(self, scorer: Scorer, manifest: Manifest) -> None:
        self._score_many = scorer.score_many
        self._evidence = scorer.evidence
        self.manifest = manifest
        self.labels = tuple(manifest.labels)

    def predict(self, text: str) -> Prediction:
        """Classify one text; one without any known term gets what is likely before it is read."""
        (row,), (known_share,) = self._score_many([text])
        return self._prediction(row, known_share)

    def predict_many(self, texts: Sequence[str]) -> list[Prediction]:
        """Classify texts, in order, each exactly as it would be by itself.

        Many at a time cost less than one by one; beside the predictions, memory grows with the
        longest text only.
        """
        if not texts:
            return []
        return list(map(self._prediction, *self._score_many(texts)))

    def _prediction(self, probabilities: list[float], known_share: float) -> Prediction:
        highest = max(probabilities)
        # The first of equally probable labels, as scikit-learn has it.
        label = self.labels[probabilities.index(highest)]
        return Prediction(label, highest, probabilities, known_share)

    def explain(self, text: str, label: str, most: int) -> Explanation:
        """Explain the score of `text` for `label`, by at most `most` terms on either side."""
        terms, weights, bias = self._evidence(text)
        column = self.labels.index(label)
        ranked = sorted(
            map(Evidence, terms, weights[:, column].tolist()),
            key=lambda evidence: (-abs(evidence.weight), evidence.term),
        )
        supporting = [evidence for evidence in ranked if evidence.weight > 0][:most]
        opposing = [evidence for evidence in ranked if evidence.weight < 0][:most]
        listed = sum(evidence.weight for evidence in supporting + opposing)
        total = float(weights[:, column].sum())
        return Explanation(
            label=label,
            score=total + float(bias[column]),
            bias=float(bias[column]),
            supporting=supporting,
            opposing=opposing,
            rest=total - listed,
        )


class CompiledScorer:
    """Scores by the compiled pipeline."""

    def __init__(self, compiled: CompiledPipeline) -> None:
        self._compiled = compiled

    def score_many(self, texts: Sequence[str]) -> tuple[list[list[float]], list[float]]:
        values, known_shares = self._compiled.score_many(texts)
        return list(map(softmax, values.tolist())), known_shares

    def evidence(self, text: str) -> tuple[list[str], Floats, Floats]:
        terms, weights = self._compiled.contributions(text)
        return terms, weights, self._compiled.intercept


class PipelineScorer:
    """Scores by the pipeline's own predict_proba: for any pipeline, at scikit-learn's speed."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def score_many(self, texts: Sequence[str]) -> tuple[list[list[float]], list[float]]:
        return self._pipeline.predict_proba(texts).tolist(), [float("nan")] * len(texts)

    def evidence(self, text: str) -> tuple[list[str], Floats, Floats]:
        """No terms: all of the score counts as bias, since nothing is known of what made it."""
        rows, _ = self.score_many([text])
        logs = np.log(np.maximum(rows[0], np.finfo(np.float32).tiny))
        return [], np.zeros((0, len(logs))), logs - logs.mean()


def softmax(values: Sequence[float]) -> list[float]:
    """Turn decision values, [n_labels], into probabilities.

    SciPy's softmax does the same, and costs several times as much for six numbers.
    """
    highest = max(values)
    exponentials = [exp(value - highest) for value in values]
    total = sum(exponentials)
    return [exponential / total for exponential in exponentials]


def load_classifier(directory: Path) -> Classifier:
    """Load the artifact of a folder and make a classifier of it, compiled where that is possible.

    Raises ArtifactError when the artifact cannot be trusted or used.
    """
    loaded = artifact.load(directory)
    return Classifier(make_scorer(loaded.pipeline, loaded.manifest), loaded.manifest)


def make_scorer(pipeline: Pipeline, manifest: Manifest) -> Scorer:
    """Compile the pipeline, or keep it as it is where compiling would change an answer."""
    try:
        scorer = CompiledScorer(CompiledPipeline(pipeline))
        _check(scorer, manifest)
    except NotCompilableError as reason:
        log.warning("the pipeline is served uncompiled: %s", reason)
        return PipelineScorer(pipeline)
    return scorer


def _check(scorer: Scorer, manifest: Manifest) -> None:
    """Raise NotCompilableError when the compiled pipeline does not reproduce the canaries."""
    rows, _ = scorer.score_many([canary.text for canary in manifest.canaries])
    for canary, row in zip(manifest.canaries, rows, strict=True):
        expected = [canary.scores[label] for label in manifest.labels]
        if not np.allclose(row, expected, rtol=0, atol=CANARY_TOLERANCE):
            raise NotCompilableError(f"compiled, it would score the text {canary.text!r} otherwise")
