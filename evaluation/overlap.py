"""How far the test texts have relatives among the training texts, and whether that helps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from evaluation.figures import InsideOutside, Overlap
from evaluation.metrics import Bools

SHINGLE = 5
"""Words in a shingle."""
NEAR = 0.5
"""Jaccard similarity of the shingles from which two texts are near duplicates."""


def shares_thread(train_threads: Sequence[str], test_threads: Sequence[str]) -> Bools:
    """Say of each test text whether its thread occurs in the training data, [n_test]."""
    known = set(train_threads)
    return np.array([thread in known for thread in test_threads], dtype=np.bool_)


def has_near_duplicate(train: Sequence[str], test: Sequence[str]) -> Bools:
    """Say of each test text whether a training text is nearly the same, [n_test].

    Nearly the same means that the sets of five-word shingles have a Jaccard similarity of at least
    one half (Broder 1997); the similarity is exact but for collisions of the shingles' hashes. A
    text of under five words has no shingle, so no near duplicate.
    """
    vectorizer = HashingVectorizer(
        ngram_range=(SHINGLE, SHINGLE),
        token_pattern=r"\w+",
        binary=True,
        norm=None,
        alternate_sign=False,
        n_features=2**20,
        dtype=np.float32,
    )
    train_sets, test_sets = vectorizer.transform(train), vectorizer.transform(test)
    shared = (test_sets @ train_sets.T).tocoo()
    sizes = test_sets.getnnz(axis=1)[shared.row] + train_sets.getnnz(axis=1)[shared.col]
    near = np.zeros(len(test), dtype=np.bool_)
    near[shared.row[shared.data / (sizes - shared.data) >= NEAR]] = True
    return near


def measure(inside: Bools, correct: Mapping[str, Bools]) -> Overlap:
    """Compare, per view, the accuracy on the texts inside the overlap with that on the others."""
    return Overlap(
        examples=int(inside.sum()),
        share=float(inside.mean()),
        accuracy={
            view: InsideOutside(_mean(right[inside]), _mean(right[~inside]))
            for view, right in correct.items()
        },
    )


def _mean(values: Bools) -> float | None:
    return float(values.mean()) if len(values) else None
