"""What terms add to scores: each step in arrays against plain Python."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, groupby
from math import log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from model.dataset import Examples
from model.folding import fold
from model.hashing import UNKNOWN
from model.term_scorer import MOST_COUNTED, TermScorer, run_edges, sorted_rows

rows_of_texts = st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=6)


@given(rows_of_texts)
def test_rows_are_sorted_text_by_text(texts: list[list[int]]) -> None:
    """Each text has its own rows in order, and one UNKNOWN more."""
    found = np.array([row for text in texts for row in text], dtype=np.int32)
    rows, starts = sorted_rows(found, list(map(len, texts)))
    assert rows.tolist() == [row for text in texts for row in sorted([UNKNOWN, *text])]
    assert starts == [0, *accumulate(len(text) + 1 for text in texts)][:-1]


@given(rows_of_texts)
def test_runs_end_where_the_row_or_the_text_does(texts: list[list[int]]) -> None:
    """The edges are those of runs of equal rows, none of which spans two texts."""
    found = np.array([row for text in texts for row in text], dtype=np.int32)
    lengths = [len(list(run)) for text in texts for _, run in groupby(sorted([UNKNOWN, *text]))]
    assert run_edges(*sorted_rows(found, list(map(len, texts)))).tolist() == [
        0,
        *accumulate(lengths),
    ]


@pytest.mark.parametrize("sublinear", [True, False])
def test_scores_are_those_of_the_formula(sublinear: bool, tiny_examples: Examples) -> None:
    """Sums, norms and numbers of known terms are what the docstring's formula gives."""
    vectorizer = TfidfVectorizer(sublinear_tf=sublinear)
    pipeline = Pipeline([("features", vectorizer), ("estimator", LogisticRegression())])
    pipeline.fit(tiny_examples.texts, tiny_examples.labels)
    (features,), _ = fold(pipeline)
    texts = [
        "salt and bread, salt and roses",
        "zyx",
        "",
        "wind wind zyx",
        "salt " * (MOST_COUNTED + 1) + "wind " * MOST_COUNTED + "soup " * (3 * MOST_COUNTED),
    ]
    scores, known, counts = TermScorer(features).score(texts)
    vocabulary, idf = vectorizer.vocabulary_, vectorizer.idf_
    for text, score, known_terms, terms in zip(texts, scores, known, counts, strict=True):
        words = vectorizer.build_analyzer()(text)
        in_text = Counter(word for word in words if word in vocabulary)
        weights = {
            vocabulary[word]: (1 + log(count) if sublinear else count) * idf[vocabulary[word]]
            for word, count in in_text.items()
        }
        norm = sqrt(sum(weight**2 for weight in weights.values())) or 1.0
        for label, own in enumerate(features.weights):
            expected = sum(weight * own[column] for column, weight in weights.items()) / norm
            assert score[label] == pytest.approx(expected, abs=1e-12)
        assert (known_terms, terms) == (in_text.total(), len(words))
