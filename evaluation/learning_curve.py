"""Is more data worth having? Scores on the test set by the amount of training data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from evaluation.figures import CurvePoint, LearningCurve, Score
from evaluation.scoring import HeldOut, Train, predict
from model.dataset import Examples

FRACTIONS = (0.125, 0.25, 0.5, 1.0)
REPEATS = 3
MIN_PER_LABEL = 10
"""Fewer examples of a label than this, and a smaller part of the data shows nothing but noise."""


class _Part(NamedTuple):
    """A part of the training data: the indices of its examples."""

    fraction: float
    threads: int
    indices: list[int]


def learning_curve(
    examples: Examples, threads: Sequence[str], test: HeldOut, train: Train, seed: int, jobs: int
) -> LearningCurve:
    """Train on 12.5, 25, 50 and 100 % of the training threads and score each model on the test set.

    `threads` has the thread key of each example. Threads are kept whole, since more data would
    come as new threads. Parts are drawn three times and nested in each draw. Parts with fewer than
    ten examples of a label are left out. `jobs` models are trained at a time.
    """
    parts = [part for part in _parts(threads, seed) if _suffices(part, examples)]
    results = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_score_part)(train, examples, part, test) for part in parts
    )
    progress = tqdm(results, "learning curve", len(parts), disable=None, unit="model")
    return summarise(_average(parts, list(progress)))


def summarise(points: list[CurvePoint]) -> LearningCurve:
    """Derive from the points what twice the data buys, in macro-F1 per view."""
    if len(points) < 2:
        return LearningCurve(points, None, None)
    doublings = np.log2([point.examples for point in points])
    gain, last = {}, {}
    for view in points[0].views:
        scores = [point.views[view].macro_f1 for point in points]
        gain[view] = float(np.polyfit(doublings, scores, 1)[0])
        last[view] = scores[-1] - scores[-2]
    return LearningCurve(points, gain, last)


def _parts(threads: Sequence[str], seed: int) -> list[_Part]:
    """All parts to train on, the whole first: the longest job must not be the last to start."""
    names = sorted(set(threads))
    parts = []
    for repeat in range(REPEATS):
        order = np.random.default_rng([seed, repeat]).permutation(len(names))
        for fraction in FRACTIONS if repeat == 0 else FRACTIONS[:-1]:
            kept = {names[i] for i in order[: round(fraction * len(names))]}
            indices = [i for i, thread in enumerate(threads) if thread in kept]
            parts.append(_Part(fraction, len(kept), indices))
    return sorted(parts, key=lambda part: -part.fraction)


def _suffices(part: _Part, examples: Examples) -> bool:
    counts = Counter(examples.labels[i] for i in part.indices)
    return all(counts[label] >= MIN_PER_LABEL for label in examples.counts)


def _score_part(train: Train, examples: Examples, part: _Part, test: HeldOut) -> dict[str, Score]:
    texts = [examples.texts[i] for i in part.indices]
    labels = [examples.labels[i] for i in part.indices]
    model = train(texts, labels)
    return {
        view: test.score(predict(model, shown, test).predicted)
        for view, shown in test.views.items()
    }


def _average(parts: list[_Part], scores: list[dict[str, Score]]) -> list[CurvePoint]:
    """Average the draws of each fraction, the smallest first."""
    points = []
    for fraction in sorted({part.fraction for part in parts}):
        drawn = [i for i, part in enumerate(parts) if part.fraction == fraction]
        points.append(
            CurvePoint(
                fraction=fraction,
                repeats=len(drawn),
                threads=parts[drawn[0]].threads,
                examples=float(np.mean([len(parts[i].indices) for i in drawn])),
                views={view: _mean([scores[i][view] for i in drawn]) for view in scores[0]},
            )
        )
    return points


def _mean(scores: list[Score]) -> Score:
    return Score(
        accuracy=float(np.mean([score.accuracy for score in scores])),
        macro_f1=float(np.mean([score.macro_f1 for score in scores])),
    )
