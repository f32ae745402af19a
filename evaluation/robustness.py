"""How often the label of a text changes although its author wrote the same (flip rates)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.figures import FlipRate
from evaluation.perturbations import PERTURBATIONS, Perturbation

TEXTS = 300
SURE = 0.9
"""A text of which the model is less sure than this changes its label by any change of a word."""
SEED = 0

PredictProba = Callable[[Sequence[str]], NDArray[np.float64]]


def flip_rates(
    predict_proba: PredictProba, posts: Sequence[str], plain: Sequence[str]
) -> list[FlipRate]:
    """Return the flip rate of every perturbation, over posts or over plain texts.

    `predict_proba` returns the probabilities of texts, [n_texts, n_labels]. Of each kind 300 texts
    are used that the model is sure of, evenly spaced.
    """
    chosen = [_sure(predict_proba, texts) for texts in (posts, plain)]
    return [_flip_rate(predict_proba, one, chosen[0 if one.posts else 1]) for one in PERTURBATIONS]


def _flip_rate(
    predict_proba: PredictProba, perturbation: Perturbation, texts: Sequence[str]
) -> FlipRate:
    flips = 0
    if texts:
        random = np.random.default_rng(SEED)
        before = predict_proba([perturbation.before(text, random) for text in texts])
        after = predict_proba([perturbation.perturb(text, random) for text in texts])
        flips = int((before.argmax(axis=1) != after.argmax(axis=1)).sum())
    return FlipRate(perturbation.name, len(texts), flips, perturbation.target)


def _sure(predict_proba: PredictProba, texts: Sequence[str]) -> list[str]:
    probabilities = predict_proba(texts).max(axis=1)
    sure = [text for text, one in zip(texts, probabilities, strict=True) if one >= SURE]
    kept = np.linspace(0, len(sure) - 1, min(TEXTS, len(sure))).astype(int)
    return [sure[i] for i in kept]
