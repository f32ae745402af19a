"""A fitted linear text pipeline, compiled into a lean scorer: the same answers for less work.

May import nothing of ours. `Pipeline.predict_proba` builds a sparse matrix and validates it at each
call, which for a single text costs several times the arithmetic itself. Here the vectoriser's idf
and the estimator's weights are folded once, at load, into one matrix, so that a text costs one
tokenising, one sort, one gather and one small product.

For a term t that occurs f(t) times, scikit-learn's TfidfVectorizer gives

    x(t) = w(t) / sqrt(sum over u of w(u)^2),    w(t) = (1 + ln f(t)) * idf(t)

(or f(t) * idf(t) without sublinear_tf), and the estimator scores b + sum over t of x(t) * W(t).
Hence score = b + (sum over t of tf(t) * [idf(t) * W(t)]) / sqrt(sum over t of (tf(t) * idf(t))^2):
the row kept for a term is [idf * W, idf], and a row of zeros stands for every unknown term.

A constant added to every label's score changes no probability, so weights and intercepts are
centred over the labels: a term's weight then tells how much more it speaks for one label than for
the labels on average.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from math import exp, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline

Floats = NDArray[np.float32]
UNKNOWN = 0
"""The row that stands for every unknown term."""
ROW_BYTES = 4


class NotCompilableError(Exception):
    """The pipeline is not one that this module can fold into a matrix; the message says why."""


class CompiledPipeline:
    """Scores texts as the pipeline that it was compiled from does. Immutable, hence thread-safe."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Fold the pipeline; raises NotCompilableError when it is of another kind."""
        vectorizer, estimator = _parts(pipeline)
        weights, intercept = _weights(estimator)
        n_labels, n_terms = weights.shape
        # The commonest first, so that what most texts need lies together in the processor's cache.
        order = np.argsort(vectorizer.idf_, kind="stable")
        idf = vectorizer.idf_[order]
        self._rows = np.zeros((n_terms + 1, n_labels + 1), dtype=np.float32)
        self._rows[1:, :n_labels] = weights.T[order] * idf[:, None]
        self._rows[1:, n_labels] = idf
        self.intercept: tuple[float, ...] = tuple(intercept.tolist())
        """Decision values of a text without any known term, [n_labels]."""
        self._terms = vectorizer.get_feature_names_out()[order].tolist()
        # Row numbers are kept as the bytes of an int32: joined, those of a text are an array.
        self._row_of = {term: _row(number) for number, term in enumerate(self._terms, 1)}
        self._analyze = _analyzer(vectorizer)
        self._sublinear = bool(vectorizer.sublinear_tf)

    def score(self, text: str) -> tuple[list[float], float]:
        """Score one text: decision values, [n_labels], and the share of its terms known.

        The share counts every occurrence; a text without terms has a share of 0.
        """
        rows = np.sort(np.frombuffer(self._occurrences(text), dtype=np.int32))
        starts, counts = _runs(rows)
        if len(starts) == 1:
            return list(self.intercept), 0.0
        gathered = self._rows.take(rows[starts], axis=0)
        frequencies = self._frequencies(counts)
        summed, norm = self._sum(gathered, frequencies)
        known = len(rows) - int(counts[0])
        # For a few numbers a call of NumPy costs more than Python does.
        values = [s / norm + b for s, b in zip(summed.tolist(), self.intercept, strict=True)]
        return values, known / (len(rows) - 1)

    def score_many(self, texts: Sequence[str]) -> tuple[Floats, NDArray[np.float64]]:
        """Score texts: decision values, float32 [n_texts, n_labels], and shares known, [n_texts].

        As `score` of each, but NumPy is called once for all. Memory grows with the texts.
        """
        occurrences = [self._occurrences(text) for text in texts]
        lengths = np.array([len(one) // ROW_BYTES for one in occurrences])
        found = np.frombuffer(b"".join(occurrences), dtype=np.int32)
        # One number for a text and a row, which sorts by text first.
        keys = np.repeat(np.arange(len(texts)) * len(self._rows), lengths) + found
        keys.sort()
        starts, counts = _runs(keys)
        rows = keys[starts] % len(self._rows)
        # Every text begins with a run of UNKNOWN.
        first = np.flatnonzero(rows == UNKNOWN)
        gathered = self._rows.take(rows, axis=0) * self._frequencies(counts)[:, None]
        summed: Floats = np.add.reduceat(gathered[:, :-1], first, axis=0)
        norms: Floats = np.sqrt(np.add.reduceat(gathered[:, -1:] ** 2, first, axis=0))
        # A text without any known term has a sum of 0 too.
        norms[norms == 0] = 1
        values = summed / norms + np.array(self.intercept, dtype=np.float32)
        known = lengths - counts[first]
        return values, known / np.maximum(lengths - 1, 1)

    def contributions(self, text: str) -> tuple[list[str], Floats]:
        """Return the known terms of a text and what each adds to each label's decision value.

        The second is [n_terms, n_labels]; its column sums plus the intercept are the decision
        values that `score` gives.
        """
        counts = Counter(term for term in self._analyze(text) if term in self._row_of)
        rows = np.frombuffer(b"".join(map(self._row_of.__getitem__, counts)), dtype=np.int32)
        gathered = self._rows[rows]
        if not counts:
            return [], gathered[:, :-1]
        frequencies = self._frequencies(np.fromiter(counts.values(), dtype=np.float32))
        _, norm = self._sum(gathered, frequencies)
        return list(counts), frequencies[:, None] * gathered[:, :-1] / norm

    def term_weights(self) -> tuple[list[str], Floats]:
        """Return all known terms and the idf * W of each for each label, [n_terms, n_labels]."""
        return self._terms, self._rows[1:, :-1]

    def _occurrences(self, text: str) -> bytes:
        """The row number of each of a text's terms, after one of UNKNOWN that is always there."""
        rows = map(self._row_of.get, self._analyze(text), repeat(_UNKNOWN_ROW))
        return _UNKNOWN_ROW + b"".join(rows)

    @staticmethod
    def _sum(gathered: Floats, frequencies: Floats) -> tuple[Floats, float]:
        """Weighted sum of the label columns, and the Euclidean norm of the weighted idf column."""
        weighted = frequencies * gathered[:, -1]
        return frequencies @ gathered[:, :-1], sqrt(weighted @ weighted)

    def _frequencies(self, counts: NDArray[Any]) -> Floats:
        """The weights tf of numbers of occurrences."""
        if not self._sublinear:
            return counts.astype(np.float32)
        frequencies: Floats = np.log(counts, dtype=np.float32)
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


def _row(number: int) -> bytes:
    """A row number as the bytes of NumPy's int32."""
    return number.to_bytes(ROW_BYTES, sys.byteorder)


_UNKNOWN_ROW = _row(UNKNOWN)


def _runs(numbers: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where in sorted numbers each run of equal ones starts, and how long it is.

    NumPy's unique(..., return_counts=True) does the same and costs twice as much on 300 numbers.
    """
    changes = np.empty(len(numbers) + 1, dtype=bool)
    changes[0] = changes[-1] = True
    np.not_equal(numbers[1:], numbers[:-1], out=changes[1:-1])
    edges = changes.nonzero()[0]
    return edges[:-1], edges[1:] - edges[:-1]


def _parts(pipeline: Pipeline) -> tuple[TfidfVectorizer, Any]:
    """The vectoriser and the linear estimator of a pipeline that has just these two."""
    steps = [step for _, step in pipeline.steps]
    if len(steps) != 2 or not isinstance(steps[0], TfidfVectorizer):
        raise NotCompilableError("its steps are not a TfidfVectorizer and an estimator")
    vectorizer, estimator = steps
    if (vectorizer.norm, vectorizer.use_idf, vectorizer.binary) != ("l2", True, False):
        raise NotCompilableError("its vectoriser does not count, weigh by idf and normalise to l2")
    if not (hasattr(estimator, "coef_") and hasattr(estimator, "intercept_")):
        raise NotCompilableError(
            f"its estimator {type(estimator).__name__} has no coef_ and intercept_"
        )
    return vectorizer, estimator


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


def _analyzer(vectorizer: TfidfVectorizer) -> Callable[[str], Iterable[str]]:
    """The vectoriser's function from text to terms, less the layers that change nothing."""
    plain = (
        vectorizer.analyzer == "word"
        and vectorizer.ngram_range == (1, 1)
        and not vectorizer.lowercase
        and vectorizer.preprocessor is None
        and vectorizer.strip_accents is None
        and vectorizer.stop_words is None
    )
    if plain and vectorizer.tokenizer is not None:
        tokenizer: Callable[[str], Iterable[str]] = vectorizer.tokenizer
        return tokenizer
    # scikit-learn would wrap the function in one that decodes bytes.
    given = vectorizer.analyzer
    analyzer: Callable[[str], Iterable[str]] = (
        given if callable(given) else vectorizer.build_analyzer()
    )
    return analyzer
