"""What terms add to scores: each step in arrays against plain Python."""

from __future__ import annotations

from collections import Counter
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
from model.term_scorer import MOST_COUNTED, TermScorer, count_rows

rows_of_texts = st.lists(st.lists(st.integers(0, 9), max_size=12), min_size=1, max_size=6)


@given(rows_of_texts)
def test_rows_are_counted_text_by_text(texts: list[list[int]]) -> None:
    """Each text has each of its rows once with its number, and last UNKNOWN with one more."""
    found = np.array([row for text in texts for row in text], dtype=np.int32)
    rows, occurrences = count_rows(found, list(map(len, texts)), 10)
    ends = (np.flatnonzero(rows == UNKNOWN) + 1).tolist()
    assert len(ends) == len(texts)
    for text, begin, end in zip(texts, [0, *ends], ends, strict=False):
        own = rows[begin:end].tolist()
        counted = dict(zip(own, occurrences[begin:end].tolist(), strict=True))
        assert len(own) == len(counted)
        assert counted == Counter([*text, UNKNOWN])


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
            assert score[label] == pytest.approx(expected, abs=1e-6)
        assert (known_terms, terms) == (in_text.total(), len(words))
