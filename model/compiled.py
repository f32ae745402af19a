"""A fitted linear text pipeline, compiled into a lean scorer: the same answers for less work.

`Pipeline.predict_proba` builds a sparse matrix and validates it at each call, which for a single
text costs several times the arithmetic itself. Here the vectorizer's idf and the estimator's
weights are folded once, at load, into one matrix, and texts are scored many at a time, in arrays.

For a term t that occurs f(t) times, scikit-learn's TfidfVectorizer gives

    x(t) = w(t) / sqrt(sum over u of w(u)^2),    w(t) = (1 + ln f(t)) * idf(t)

(or f(t) * idf(t) without sublinear_tf), and the estimator scores b + sum over t of x(t) * W(t).
So score = b + (sum over t of tf(t) * [idf(t) * W(t)]) / sqrt(sum over t of (tf(t) * idf(t))^2):
the row kept for a term is [idf * W, idf], and a row of zeros stands for every unknown term. A
FeatureUnion of vectorizers has a matrix for each, and their scores are added.

A constant added to every label's score changes no probability, so weights and intercepts are
centred over the labels: a term's weight then tells how much more it speaks for one label than for
the labels on average.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import exp
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion, Pipeline

from model.hashing import UNKNOWN, HashTable, hash_strings
from model.terms import array_analyzer, term_splitter

Floats = NDArray[np.float64]
Counts = NDArray[np.intp]

CHUNK_CHARACTERS = 32_768
"""Texts of so many characters are scored together: with more, the arrays leave the processor's
cache and a text costs more."""
MARGIN = 64
"""Characters that each text counts for beside its own."""


TINY = np.finfo(np.float64).tiny


class NotCompilableError(Exception):
    """The pipeline is not one that this module can fold into matrices; the message says why."""


class CompiledPipeline:
    """Scores texts as the pipeline that it was compiled from does. Immutable, so thread-safe."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Fold the pipeline; raises NotCompilableError when it is of another kind."""
        vectorizers, estimator = _steps(pipeline)
        weights, intercept = _weights(estimator)
        self.intercept: Floats = intercept
        """Decision values of a text without any known term, [n_labels]."""
        ends = np.cumsum([len(vectorizer.idf_) for _, vectorizer, _ in vectorizers])
        self._parts = [
            _Part(prefix, vectorizer, factor * own)
            for (prefix, vectorizer, factor), own in zip(
                vectorizers, np.split(weights, ends[:-1], axis=1), strict=True
            )
        ]

    def score_many(self, texts: Sequence[str]) -> tuple[Floats, list[float]]:
        """Score texts: decision values, [n_texts, n_labels], and shares of terms known, [n_texts].

        The digits of a text do not depend on the others. A share counts every occurrence, and is 0
        for a text without terms. Beside the result, memory grows with the longest text only.
        """
        chunks = _chunks(texts)
        if len(chunks) == 1:
            return self._score(texts)
        values = np.empty((len(texts), len(self.intercept)))
        shares = [0.0] * len(texts)
        for chunk in chunks:
            values[chunk], found = self._score([texts[number] for number in chunk])
            for number, share in zip(chunk, found, strict=True):
                shares[number] = share
        return values, shares

    def _score(self, texts: Sequence[str]) -> tuple[Floats, list[float]]:
        """As `score_many`, of a chunk."""
        scores, known, counts = self._parts[0].score(texts)
        values = self.intercept + scores
        for part in self._parts[1:]:
            scores, more_known, more = part.score(texts)
            values += scores
            known = list(map(add, known, more_known))
            counts = list(map(add, counts, more))
        return values, [one / max(of, 1) for one, of in zip(known, counts, strict=True)]

    def contributions(self, text: str) -> tuple[list[str], Floats]:
        """Return the known terms of a text and what each adds to each label's decision value.

        The second is [n_terms, n_labels]; its column sums plus the intercept are the decision
        values. Slower than scoring, because it needs the terms as strings.
        """
        parts = [part.contributions(text) for part in self._parts]
        terms = [term for own, _ in parts for term in own]
        return terms, np.concatenate([weights for _, weights in parts])


def term_weights(pipeline: Pipeline) -> tuple[list[str], Floats]:
    """Return all known terms and the idf * W of each for each label, [n_terms, n_labels].

    Raises NotCompilableError as CompiledPipeline does.
    """
    vectorizers, estimator = _steps(pipeline)
    weights, _ = _weights(estimator)
    factors = np.concatenate([factor * vectorizer.idf_ for _, vectorizer, factor in vectorizers])
    terms = pipeline[0].get_feature_names_out().tolist()
    return terms, weights.T * factors[:, None]


class _Part:
    """One vectorizer and the estimator's weights of its terms."""

    def __init__(self, prefix: str, vectorizer: TfidfVectorizer, weights: Floats) -> None:
        n_labels, n_terms = weights.shape
        # The commonest first, so that what most texts need lies together in the processor's cache.
        order = np.argsort(vectorizer.idf_, kind="stable")
        idf = vectorizer.idf_[order]
        self._rows = np.zeros((n_terms + 1, n_labels + 1))
        self._rows[1:, :n_labels] = weights.T[order] * idf[:, None]
        self._rows[1:, n_labels] = idf
        names = vectorizer.get_feature_names_out()[order].tolist()
        if not all(isinstance(name, str) for name in names):
            raise NotCompilableError("its vectorizer has terms that are no strings")
        try:
            self._table = HashTable(hash_strings(names))
        except ValueError as error:
            raise NotCompilableError(f"its terms cannot be hashed: {error}") from None
        self._prefix = prefix
        self._sublinear = bool(vectorizer.sublinear_tf)
        self._analyze = array_analyzer(vectorizer)
        self._split = term_splitter(vectorizer)

    def score(self, texts: Sequence[str]) -> tuple[Floats, list[int], list[int]]:
        """What the terms add to the labels, [n_texts, n_labels]; how many are known, and of all."""
        hashes, counts = self._analyze(texts)
        rows, starts = _sorted_rows(self._table.find(hashes), counts)
        edges = _edges(rows, starts)
        rows = rows.take(edges[:-1])
        occurrences = edges[1:] - edges[:-1]
        weighted = self._rows.take(rows, axis=0)
        weighted *= self._frequencies(occurrences)[:, None]
        np.square(weighted[:, -1], out=weighted[:, -1])
        first = (rows == UNKNOWN).nonzero()[0]
        sums = np.add.reduceat(weighted, first, axis=0)
        # A text without any known term has sums of 0, and may not be divided by that.
        norms = np.sqrt(np.maximum(sums[:, -1:], TINY))
        unknown = occurrences[first].tolist()
        known = [count + 1 - of for count, of in zip(counts, unknown, strict=True)]
        return sums[:, :-1] / norms, known, counts

    def contributions(self, text: str) -> tuple[list[str], Floats]:
        """The known terms, and what each adds to each label, [n_terms, n_labels]."""
        counts = Counter(self._split(text))
        numbers = self._table.find(hash_strings(list(counts)))
        is_known = numbers != UNKNOWN
        frequencies = self._frequencies(np.fromiter(counts.values(), dtype=np.intp))[is_known]
        weighted = self._rows[numbers[is_known]] * frequencies[:, None]
        norm = np.linalg.norm(weighted[:, -1]) or 1.0
        known = [self._prefix + term for term, it_is in zip(counts, is_known, strict=True) if it_is]
        return known, weighted[:, :-1] / norm

    def _frequencies(self, counts: Counts) -> Floats:
        """The weights tf of numbers of occurrences."""
        if not self._sublinear:
            return counts.astype(np.float64)
        frequencies: Floats = np.log(counts)
        frequencies += 1
        return frequencies


def softmax(values: Sequence[float]) -> list[float]:
    """Turn decision values, [n_labels], into probabilities.

    SciPy's softmax does the same, and costs several times as much for six numbers.
    """
    highest = max(values)
    exponentials = [exp(value - highest) for value in values]
    total = sum(exponentials)
    return [exponential / total for exponential in exponentials]


def _chunks(texts: Sequence[str]) -> list[list[int]]:
    """Cut texts into chunks of a bounded size: the numbers of those in each.

    Those of ASCII are apart from the others, which cost more.
    """
    chunks: list[list[int]] = []
    for is_ascii in (True, False):
        room = 0
        for number, text in enumerate(texts):
            if text.isascii() == is_ascii:
                size = len(text) + MARGIN
                if size > room:
                    chunks.append([])
                    room = CHUNK_CHARACTERS
                chunks[-1].append(number)
                room -= size
    return chunks


def _sorted_rows(found: NDArray[np.int32], counts: list[int]) -> tuple[NDArray[np.int32], Counts]:
    """The rows of each text in order, after an UNKNOWN that is always there; where each begins.

    Sorting text by text is much faster than sorting all with a key that has the text's number.
    """
    rows = np.zeros(len(found) + len(counts), dtype=np.int32)
    starts = []
    begin = 0
    for number, count in enumerate(counts):
        starts.append(begin)
        own = rows[begin : begin + count + 1]
        own[1:] = found[begin - number : begin - number + count]
        own.sort()
        begin += count + 1
    return rows, np.array(starts)


def _edges(rows: NDArray[np.int32], starts: Counts) -> Counts:
    """Where each run of equal rows in one text starts, and the end of the last run.

    NumPy's unique(..., return_counts=True) does the same for one text and costs twice as much.
    """
    changes = np.empty(len(rows) + 1, dtype=bool)
    np.not_equal(rows[1:], rows[:-1], out=changes[1:-1])
    changes[starts] = changes[-1] = True
    return changes.nonzero()[0]


def _steps(pipeline: Pipeline) -> tuple[list[tuple[str, TfidfVectorizer, float]], Any]:
    """The vectorizers of a pipeline, each with the prefix of its terms' names and its factor, and
    the linear estimator that is the only other step."""
    steps = [step for _, step in pipeline.steps]
    if len(steps) != 2:
        raise NotCompilableError("its steps are not a vectorizer and an estimator")
    features, estimator = steps
    vectorizers = [("", features, 1.0)]
    if isinstance(features, FeatureUnion):
        factors = features.transformer_weights or {}
        vectorizers = [
            (f"{name}__" if features.verbose_feature_names_out else "", one, factors.get(name, 1.0))
            for name, one in features.transformer_list
        ]
    for _, vectorizer, _ in vectorizers:
        if not isinstance(vectorizer, TfidfVectorizer):
            kind = type(vectorizer).__name__
            raise NotCompilableError(f"its features are made by {kind}, not by TfidfVectorizer")
        if (vectorizer.norm, vectorizer.use_idf, vectorizer.binary) != ("l2", True, False):
            raise NotCompilableError(
                "its vectorizer does not count, weigh by idf and normalise to l2"
            )
    if not (hasattr(estimator, "coef_") and hasattr(estimator, "intercept_")):
        raise NotCompilableError(
            f"its estimator {type(estimator).__name__} has no coef_ and intercept_"
        )
    return vectorizers, estimator


def _weights(estimator: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights [n_labels, n_terms] and intercepts [n_labels], both centred over the labels.

    scikit-learn keeps one row for two labels, the second's; softmax of (0, z) is its sigmoid of z.
    """
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
