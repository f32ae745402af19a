"""The compiled pipeline against the pipeline itself: the same answers, or a reason for refusing."""

from __future__ import annotations

import dataclasses
import re
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import softmax as reference_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import FeatureUnion, Pipeline

from model.classifier import softmax
from model.compiled import CHUNK_BYTES, CompiledPipeline
from model.dataset import Examples
from model.folding import NotCompilableError, term_weights

WORDS = ["bread", "salt", "soup", "roses", "the", "wind", "jardín", "суп", "海上", "again", "zyx"]
AWKWARD = [
    "",
    " \n\t",
    "zyx qwv",
    "zyx salt",
    "salt " * 100_000 + "wind",
    "⛵🍞 🌹",
    "salt🍞salt",
    "Борщ варят дважды",
    "帆船 在 海上",
    "ROSES, ROSES! the\0roses",
    "i\u0307I\u0307\u0131\u017fß",
    "\U0010ffff\u202e",
]
texts = st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))


def split(text: str) -> list[str]:
    """A tokeniser that keeps case and punctuation."""
    return re.findall(r"\w+|[^\w\s]", text)


VECTORIZERS: dict[str, Callable[[], TfidfVectorizer | FeatureUnion]] = {
    "plain": TfidfVectorizer,
    "sublinear": lambda: TfidfVectorizer(sublinear_tf=True),
    "bigrams": lambda: TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
    "tokenizer": lambda: TfidfVectorizer(tokenizer=split, token_pattern=None, lowercase=False),
    "tokenizer and lowercase": lambda: TfidfVectorizer(tokenizer=split, token_pattern=None),
    "tokenizer and bigrams": lambda: TfidfVectorizer(
        tokenizer=split, token_pattern=None, lowercase=False, ngram_range=(1, 2)
    ),
    "accents": lambda: TfidfVectorizer(strip_accents="unicode", lowercase=False),
    "stop words": lambda: TfidfVectorizer(stop_words=["the", "and"], lowercase=False),
    "stop words of a tokenizer": lambda: TfidfVectorizer(
        tokenizer=split, token_pattern=None, stop_words=["the", "."], lowercase=False
    ),
    "characters": lambda: TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3)),
    "words and characters": lambda: FeatureUnion(
        [
            ("words", TfidfVectorizer(sublinear_tf=True)),
            ("characters", TfidfVectorizer(analyzer="char", ngram_range=(1, 3))),
        ],
        transformer_weights={"characters": 0.3},
    ),
    "own analyzer": lambda: TfidfVectorizer(analyzer=split),
    "unsmoothed idf": lambda: TfidfVectorizer(smooth_idf=False),
}


def fit(vectorizer: Any, estimator: Any, examples: Examples, n_labels: int = 3) -> Pipeline:
    """Fit the two on the examples of the first so many labels."""
    kept = list(examples.counts)[:n_labels]
    pairs = [pair for pair in zip(examples.texts, examples.labels, strict=True) if pair[1] in kept]
    return Pipeline([("vectorizer", vectorizer), ("estimator", estimator)]).fit(
        *zip(*pairs, strict=True)
    )


@pytest.fixture(scope="session")
def fitted(tiny_examples: Examples) -> Callable[[str, int], Pipeline]:
    """Return a function from a kind of vectoriser and a number of labels to a fitted pipeline."""
    return cache(
        lambda kind, n_labels: fit(
            VECTORIZERS[kind](), LogisticRegression(C=10.0), tiny_examples, n_labels
        )
    )


def assert_agrees(compiled: CompiledPipeline, pipeline: Pipeline, text: str) -> None:
    """The compiled pipeline gives the pipeline's probabilities and label."""
    values, share = score(compiled, text)
    expected = pipeline.predict_proba([text])[0]
    np.testing.assert_allclose(softmax(values), expected, rtol=0, atol=1e-6)
    assert pipeline.classes_[np.argmax(values)] == pipeline.predict([text])[0]
    assert 0.0 <= share <= 1.0


def score(compiled: CompiledPipeline, text: str) -> tuple[list[float], float]:
    """The decision values of one text, and its share of known terms."""
    values, shares = compiled.score_many([text])
    return values[0].tolist(), shares[0]


@pytest.mark.parametrize("text", AWKWARD, ids=lambda text: repr(text[:20]))
@pytest.mark.parametrize("kind", VECTORIZERS)
def test_awkward_text_scores_the_same(
    kind: str, text: str, fitted: Callable[[str, int], Pipeline]
) -> None:
    """Texts that are empty, unknown, endless or in any script agree for every vectoriser."""
    pipeline = fitted(kind, 3)
    assert_agrees(CompiledPipeline(pipeline), pipeline, text)


@given(text=texts, n_labels=st.sampled_from([2, 3]), kind=st.sampled_from(list(VECTORIZERS)))
def test_any_text_scores_the_same(
    text: str, n_labels: int, kind: str, fitted: Callable[[str, int], Pipeline]
) -> None:
    """No text is scored otherwise than by the pipeline."""
    pipeline = fitted(kind, n_labels)
    assert_agrees(CompiledPipeline(pipeline), pipeline, text)


@given(many=st.lists(texts, min_size=1, max_size=8), kind=st.sampled_from(list(VECTORIZERS)))
def test_texts_scored_together_have_their_own_digits(
    many: list[str], kind: str, fitted: Callable[[str, int], Pipeline]
) -> None:
    """Of many texts each has, to the last digit, the values and the share that it has alone."""
    compiled = CompiledPipeline(fitted(kind, 3))
    values, shares = compiled.score_many(many)
    alone = [score(compiled, text) for text in many]
    assert list(zip(values.tolist(), shares, strict=True)) == alone


def test_chunks_keep_the_order(fitted: Callable[[str, int], Pipeline]) -> None:
    """Texts that take several chunks, of ASCII and not, long and short, each have their own."""
    compiled = CompiledPipeline(fitted("words and characters", 3))
    long = "salt and wind " * (CHUNK_BYTES // 20)
    many = [*AWKWARD, long, "roses", long + "é", *AWKWARD, "海上 salt", long, ""] * 2
    values, shares = compiled.score_many(many)
    alone = [score(compiled, text) for text in many]
    assert list(zip(values.tolist(), shares, strict=True)) == alone


def test_memory_is_bounded_by_the_longest_text(fitted: Callable[[str, int], Pipeline]) -> None:
    """However many texts are scored at a time, few of them are under way at once."""
    compiled = CompiledPipeline(fitted("characters", 3))
    text = "The soup needs salt. " * 100
    compiled.score_many([text])

    def peak(count: int) -> int:
        tracemalloc.start()
        compiled.score_many([text] * count)
        (_, most), _ = tracemalloc.get_traced_memory(), tracemalloc.stop()
        return most

    assert peak(1000) < 1.5 * peak(50)


def test_awkward_texts_score_the_same_together(fitted: Callable[[str, int], Pipeline]) -> None:
    """Texts that are empty, unknown or endless disturb none of their neighbours."""
    pipeline = fitted("sublinear", 3)
    values, _ = CompiledPipeline(pipeline).score_many(AWKWARD)
    found = reference_softmax(values, axis=1)
    np.testing.assert_allclose(found, pipeline.predict_proba(AWKWARD), rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_labels", [2, 3])
@pytest.mark.parametrize("intercept", [True, False])
def test_examples_score_the_same(n_labels: int, intercept: bool, tiny_examples: Examples) -> None:
    """The texts that were trained on agree too, with or without a fitted intercept."""
    estimator = LogisticRegression(C=10.0, fit_intercept=intercept)
    pipeline = fit(TfidfVectorizer(), estimator, tiny_examples, n_labels)
    compiled = CompiledPipeline(pipeline)
    for text in tiny_examples.texts:
        assert_agrees(compiled, pipeline, text)


def test_known_share_counts_occurrences(tiny_pipeline: Pipeline) -> None:
    """Every occurrence of a term counts; a text without terms has a share of 0."""
    compiled = CompiledPipeline(tiny_pipeline)
    assert score(compiled, "salt salt SALT zyx qwv bread")[1] == 4 / 6
    assert score(compiled, "salt bread")[1] == 1.0
    assert score(compiled, "zyx zyx")[1] == 0.0
    assert score(compiled, "")[1] == 0.0


def test_stop_words_are_no_terms(fitted: Callable[[str, int], Pipeline]) -> None:
    """Stop words lower no share of known terms, whichever way the text is tokenised."""
    for kind in ("stop words", "stop words of a tokenizer"):
        assert score(CompiledPipeline(fitted(kind, 3)), "the salt")[1] == 1.0


@pytest.mark.parametrize("text", ["", "zyx qwv"])
def test_text_without_known_terms_scores_the_intercept(text: str, tiny_pipeline: Pipeline) -> None:
    """Such a text gets what is likely without any text."""
    compiled = CompiledPipeline(tiny_pipeline)
    values, _ = score(compiled, text)
    assert values == compiled.intercept.tolist()


@pytest.mark.parametrize("kind", VECTORIZERS)
@pytest.mark.parametrize("n_labels", [2, 3])
def test_contributions_sum_to_the_score(
    n_labels: int, kind: str, fitted: Callable[[str, int], Pipeline]
) -> None:
    """Over the terms they and the intercept sum to the score; over the labels they sum to zero."""
    compiled = CompiledPipeline(fitted(kind, n_labels))
    text = "The SOUP, the soup needs salt. Water the roses; zyx! Борщ again again again"
    terms, weights = compiled.contributions(text)
    assert len(terms) == len(set(terms))
    assert weights.shape == (len(terms), n_labels)
    assert len(terms) > 3
    np.testing.assert_allclose(
        weights.sum(axis=0) + compiled.intercept, score(compiled, text)[0], atol=1e-5
    )
    np.testing.assert_allclose(weights.sum(axis=1), 0, atol=1e-5)
    assert sum(compiled.intercept) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("kind", ["plain", "bigrams", "words and characters"])
def test_term_weights_are_what_terms_contribute(
    kind: str, fitted: Callable[[str, int], Pipeline]
) -> None:
    """The weights of a term are to each other as what it contributes to a text's scores."""
    pipeline = fitted(kind, 3)
    weight_of = dict(zip(*term_weights(pipeline), strict=True))
    terms, contributions = CompiledPipeline(pipeline).contributions("salt roses wind")
    assert terms
    for term, contribution in zip(terms, contributions, strict=True):
        np.testing.assert_allclose(
            weight_of[term] / np.linalg.norm(weight_of[term]),
            contribution / np.linalg.norm(contribution),
            atol=1e-6,
        )


def test_contributions_leave_out_unknown_terms(tiny_pipeline: Pipeline) -> None:
    """Only known terms contribute; a text without any contributes nothing to each label."""
    compiled = CompiledPipeline(tiny_pipeline)
    assert compiled.contributions("zyx salt bread salt")[0] == ["salt", "bread"]
    terms, weights = compiled.contributions("zyx")
    assert terms == []
    assert weights.shape == (0, 3)


@given(values=st.lists(st.floats(-(2.0**99), 2.0**99), min_size=1, max_size=9))
def test_softmax_is_scipys(values: list[float]) -> None:
    """Probabilities equal those of SciPy, without overflow for values of any size."""
    np.testing.assert_allclose(softmax(values), reference_softmax(values), atol=1e-12)


class Linear(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """An estimator whose weights are whatever a test says."""

    def __init__(self, coef: object = None) -> None:
        self.coef = coef

    def fit(self, X: Any, y: list[str]) -> Linear:  # scikit-learn's own name
        self.classes_ = np.unique(y)
        self.coef_ = self.coef(X.shape[1]) if callable(self.coef) else self.coef
        self.intercept_ = np.zeros(3)
        return self


class Shouting(TfidfVectorizer):  # type: ignore[misc]  # scikit-learn has no types
    """A vectorizer with an analyzer that TfidfVectorizer does not have."""

    def build_analyzer(self) -> Callable[[str], list[str]]:
        return lambda text: [f"{word}!" for word in text.split()]


def zeros(*rows: int) -> Callable[[int], NDArray[np.float64]]:
    """Return a function from a number of terms to that many weights in each row."""
    return lambda n_terms: np.zeros((*rows, n_terms))


@pytest.mark.parametrize(
    ("vectorizer", "estimator", "reason"),
    [
        (CountVectorizer(), LogisticRegression(), "features are made by CountVectorizer"),
        (TfidfVectorizer(norm="l1"), LogisticRegression(), "vectorizer does not count"),
        (TfidfVectorizer(norm=None), LogisticRegression(), "vectorizer does not count"),
        (TfidfVectorizer(use_idf=False), LogisticRegression(), "vectorizer does not count"),
        (
            FeatureUnion([("words", TfidfVectorizer()), ("counts", CountVectorizer())]),
            LogisticRegression(),
            "features are made by CountVectorizer",
        ),
        (
            FeatureUnion([("words", TfidfVectorizer()), ("none", "drop")]),
            LogisticRegression(),
            "features are made by drop",
        ),
        (TfidfVectorizer(analyzer=str.encode), LogisticRegression(), "terms that are no strings"),
        (TfidfVectorizer(binary=True), LogisticRegression(), "vectorizer does not count"),
        (Shouting(), LogisticRegression(), "features are made by Shouting"),
        (TfidfVectorizer(dtype=np.float32), LogisticRegression(), "not compute in double"),
        (TfidfVectorizer(), MultinomialNB(), "estimator MultinomialNB has no coef_ and inter"),
        (TfidfVectorizer(), Linear(zeros(6)), "no dense matrix of one row a label"),
        (TfidfVectorizer(), Linear(zeros(1)), "no dense matrix of one row a label"),
        (TfidfVectorizer(), Linear(zeros()), "no dense matrix of one row a label"),
    ],
)
def test_other_pipelines_are_not_compilable(
    vectorizer: Any, estimator: Any, reason: str, tiny_examples: Examples
) -> None:
    """What cannot be folded into one matrix is refused with the reason, not scored wrongly."""
    pipeline = fit(vectorizer, estimator, tiny_examples)
    with pytest.raises(NotCompilableError, match=f"^its .*{reason}"):
        CompiledPipeline(pipeline)


def test_reader_of_files_is_not_compilable(tiny_examples: Examples, tmp_path: Path) -> None:
    """A pipeline from names of files to labels is left to scikit-learn."""
    examples = dataclasses.replace(
        tiny_examples,
        texts=[str(tmp_path / str(number)) for number in range(len(tiny_examples.texts))],
    )
    for name, text in zip(examples.texts, tiny_examples.texts, strict=True):
        Path(name).write_text(text)
    pipeline = fit(TfidfVectorizer(input="filename"), LogisticRegression(), examples)
    with pytest.raises(NotCompilableError, match="reads files"):
        CompiledPipeline(pipeline)


def test_regressor_is_not_compilable(tiny_examples: Examples) -> None:
    """An estimator of numbers has no labels to score."""
    pipeline = Pipeline([("vectorizer", TfidfVectorizer()), ("estimator", Ridge())])
    pipeline.fit(tiny_examples.texts, range(len(tiny_examples.texts)))
    with pytest.raises(NotCompilableError, match="Ridge has no classes_"):
        CompiledPipeline(pipeline)


def test_sparse_weights_are_not_compilable(tiny_examples: Examples) -> None:
    """Weights made sparse after training are refused like any other shape."""
    pipeline = fit(TfidfVectorizer(), LogisticRegression(), tiny_examples)
    pipeline["estimator"].sparsify()
    with pytest.raises(NotCompilableError, match="no dense matrix"):
        CompiledPipeline(pipeline)


def test_more_steps_are_not_compilable(tiny_pipeline: Pipeline) -> None:
    """A step between vectoriser and estimator would be left out, so it is refused."""
    (name, vectorizer), last = tiny_pipeline.steps
    longer = Pipeline([(name, vectorizer), ("between", "passthrough"), last])
    with pytest.raises(NotCompilableError, match="its steps are not"):
        CompiledPipeline(longer)
