"""A fitted linear text pipeline, compiled into a lean scorer: the same answers for less work.

`Pipeline.predict_proba` builds a sparse matrix and validates it at each call, which for a single
text costs several times the arithmetic itself. Here the vectorizer's idf and the estimator's
weights are folded once, at load, into one matrix, and texts are scored many at a time, in arrays:
`terms` hashes their terms as `hashing` explains, and `term_scorer` looks up and adds their rows. A
FeatureUnion of vectorizers has a matrix for each, and their scores are added.

A constant added to every label's score changes no probability, so weights and intercepts are
centred over the labels: a term's weight then shows how much more it speaks for one label than for
the labels on average.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import add

import numpy as np
from sklearn.pipeline import Pipeline

from model.folding import Floats, cleans, fold
from model.term_scorer import TermScorer
from model.text import clean, clean_all

CHUNK_BYTES = 98_304
"""Texts of so many bytes are scored together. Fewer share the price of calling NumPy among fewer
texts; more take more memory and cost no less."""
MARGIN = 64
"""Bytes that each text counts for beside its own."""
CODE_POINT_BYTES = 4
"""What a character takes in a text that is not ASCII."""


class CompiledPipeline:
    """Scores texts as the pipeline that it was compiled from does. Immutable, so thread-safe."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Fold the pipeline; raises NotCompilableError when it is of another kind."""
        features, intercept = fold(pipeline)
        self._cleans = cleans(pipeline)
        self.intercept: Floats = intercept
        """Decision values of a text without any known term, [n_labels]."""
        self._parts = [TermScorer(one) for one in features]

    def score_many(self, texts: Sequence[str]) -> tuple[Floats, list[float]]:
        """Score texts: decision values, [n_texts, n_labels], and shares of terms known, [n_texts].

        The digits of a text do not depend on the others. A share counts every occurrence, and is 0
        for a text without terms. Beside the result, memory grows only with the terms of the longest
        text.
        """
        if self._cleans:
            texts = clean_all(texts)
        if len(texts) == 1:
            return self._score(texts)
        values = np.empty((len(texts), len(self.intercept)))
        shares = [0.0] * len(texts)
        for chunk in _chunks(texts):
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
        if self._cleans:
            text = clean(text)
        parts = [part.contributions(text) for part in self._parts]
        terms = [term for own, _ in parts for term in own]
        return terms, np.concatenate([weights for _, weights in parts])


def _chunks(texts: Sequence[str]) -> list[list[int]]:
    """Cut texts into chunks of a bounded size: the numbers of those in each.

    Those of ASCII are apart from the others, which cost more.
    """
    chunks: list[list[int]] = []
    for is_ascii, width in ((True, 1), (False, CODE_POINT_BYTES)):
        room = 0
        for number, text in enumerate(texts):
            if text.isascii() == is_ascii:
                size = len(text) * width + MARGIN
                if size > room:
                    chunks.append([])
                    room = CHUNK_BYTES
                chunks[-1].append(number)
                room -= size
    return chunks
