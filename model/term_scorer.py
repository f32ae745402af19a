"""What the terms of texts add to the labels' scores, computed in arrays.

For a term t that occurs f(t) times, scikit-learn's TfidfVectorizer gives

    x(t) = w(t) / sqrt(sum over u of w(u)^2),    w(t) = (1 + ln f(t)) * idf(t)

(or f(t) * idf(t) without sublinear_tf), and the estimator scores b + sum over t of x(t) * W(t).
So score = b + (sum over t of tf(t) * [idf(t) * W(t)]) / sqrt(sum over t of (tf(t) * idf(t))^2):
the row kept for a term is [idf * W, idf], and a row of zeros stands for every unknown term.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from model.folding import Features, Floats, NotCompilableError
from model.hashing import UNKNOWN, HashTable, hash_strings
from model.terms import array_analyzer, term_splitter

Counts = NDArray[np.intp]

MOST_COUNTED = 1023
"""Occurrences of a term in a text up to which the weight tf is looked up."""
NEXT_TO_NOTHING = 1e-30


class TermScorer:
    """One vectorizer and the estimator's weights of its terms."""

    def __init__(self, features: Features) -> None:
        vectorizer = features.vectorizer
        n_labels, n_terms = features.weights.shape
        # The commonest first, so that what most texts need lies together in the processor's cache.
        order = np.argsort(vectorizer.idf_, kind="stable")
        # Single precision halves the memory that the rows of a text are fetched from.
        self._rows = np.zeros((n_terms + 1, n_labels + 1), dtype=np.float32)
        self._rows[1:, :n_labels] = features.term_weights()[order]
        self._rows[1:, n_labels] = vectorizer.idf_[order]
        # So that a text without any known term is not divided by 0; to others it adds nothing.
        self._rows[UNKNOWN, n_labels] = NEXT_TO_NOTHING
        names = vectorizer.get_feature_names_out()[order].tolist()
        if not all(isinstance(name, str) for name in names):
            raise NotCompilableError("its vectorizer has terms that are no strings")
        try:
            self._table = HashTable(hash_strings(names))
        except ValueError as error:
            raise NotCompilableError(f"its terms cannot be hashed: {error}") from None
        self._prefix = features.prefix
        self._frequency = _sublinear if vectorizer.sublinear_tf else float
        self._tabulated = np.array([0, *map(self._frequency, range(1, MOST_COUNTED + 1))])
        self._analyze = array_analyzer(vectorizer)
        self._split = term_splitter(vectorizer)

    def score(self, texts: Sequence[str]) -> tuple[Floats, list[int], list[int]]:
        """What the terms add to the labels, [n_texts, n_labels]; how many are known, and of all."""
        hashes, counts = self._analyze(texts)
        rows, occurrences = count_rows(self._table.find(hashes), counts, len(self._rows))
        frequencies = self._frequencies_of(occurrences, len(hashes) + 1)
        weighted = self._rows.take(rows, axis=0) * frequencies[:, None]
        np.square(weighted[:, -1], out=weighted[:, -1])
        last = (rows == UNKNOWN).nonzero()[0]
        first = np.zeros_like(last)
        np.add(last[:-1], 1, out=first[1:])
        sums = np.add.reduceat(weighted, first, axis=0)
        unknown = occurrences[last].tolist()
        known = [count + 1 - of for count, of in zip(counts, unknown, strict=True)]
        return sums[:, :-1] / np.sqrt(sums[:, -1:]), known, counts

    def contributions(self, text: str) -> tuple[list[str], Floats]:
        """The known terms, and what each adds to each label, [n_terms, n_labels]."""
        counts = Counter(self._split(text))
        numbers = self._table.find(hash_strings(list(counts)))
        is_known = numbers != UNKNOWN
        occurrences = np.fromiter(counts.values(), dtype=np.intp)[is_known]
        frequencies = self._frequencies_of(occurrences, counts.total())
        weighted = self._rows[numbers[is_known]] * frequencies[:, None]
        norm = np.linalg.norm(weighted[:, -1]) or 1.0
        known = [self._prefix + term for term, it_is in zip(counts, is_known, strict=True) if it_is]
        return known, weighted[:, :-1] / norm

    def _frequencies_of(self, counts: Counts, most: int) -> Floats:
        """The weights tf of numbers of occurrences, none of which is over `most`.

        Looked up, because NumPy does not promise that its logarithm of a number has the same
        digits in every array.
        """
        frequencies: Floats = self._tabulated.take(counts, mode="clip")
        if most > MOST_COUNTED:
            for index in (counts > MOST_COUNTED).nonzero()[0].tolist():
                frequencies[index] = self._frequency(int(counts[index]))
        return frequencies


def _sublinear(count: int) -> float:
    return 1 + log(count)


def count_rows(found: NDArray[np.int32], counts: list[int], n_rows: int) -> tuple[Counts, Counts]:
    """The different rows of each text, and how often each occurs in it, text by text.

    The last of each text is UNKNOWN, which counts once more than it occurs. The rows found of a
    text are `counts` many, each below `n_rows`.
    """
    rows = np.zeros(len(found) + len(counts), dtype=np.intp)
    positions = np.arange(len(rows))
    # Where each row stands last in the text. Sorting the rows would take twice as long for the
    # thousands of n-grams of characters, and little less for words.
    latest = np.empty(n_rows, dtype=np.intp)
    last = np.empty_like(rows)
    begin = 0
    for number, count in enumerate(counts):
        end = begin + count + 1
        own = rows[begin:end]
        own[:-1] = found[begin - number : end - number - 1]
        latest[own] = positions[begin:end]
        # "clip", which never happens, spares NumPy a buffer for the case of a wrong index.
        latest.take(own, out=last[begin:end], mode="clip")
        begin = end
    different = (last == positions).nonzero()[0]
    return rows.take(different), np.bincount(last).take(different)
