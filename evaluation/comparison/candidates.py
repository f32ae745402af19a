"""The candidates of the comparison: what could have been served, and why each was looked at.

All but the baselines and the character n-grams share the served words, so that their figures differ
by the classifier alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import ComplementNB, MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC

from model.pipeline import baseline_pipeline, build_pipeline
from model.tokens import tokenize

# Letters of scripts that English texts do not hold: they pass through the tokeniser unchanged.
_DIGITS_AS_LETTERS = str.maketrans("0123456789", "ⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉ")
_FINAL_S = re.compile(r"s(?![^\W\d_])", re.IGNORECASE)
_LONG_S = "\N{LATIN SMALL LETTER LONG S}"


@dataclass(frozen=True)
class Candidate:
    """A pipeline to compare.

    `slow` ones are cross-validated once, on thread-grouped folds alone. `first_view_only` is
    trained on the first view, the texts as given, and still judged on all.
    """

    name: str
    reason: str
    build: Callable[[], Pipeline]
    first_view_only: bool = False
    slow: bool = False


def digits_kept(text: str) -> list[str]:
    """The served words, but with every number a word of its own (digits stand as letters)."""
    return tokenize(text.translate(_DIGITS_AS_LETTERS))


def final_s_kept(text: str) -> list[str]:
    """The served words, but with the final `s` of each (written as a long s)."""
    return tokenize(_FINAL_S.sub(_LONG_S, text))


def subject_once(text: str) -> list[str]:
    """The served words, but with those of a Subject line counted once: its paragraph is second."""
    return tokenize("\n\n" + text)


def _words(classifier: Any) -> Pipeline:
    """The served features, then `classifier`."""
    return Pipeline([*build_pipeline().steps[:-1], ("classifier", classifier)])


def _cut_by(analyzer: Callable[[str], list[str]]) -> Pipeline:
    """The served configuration with another tokeniser."""
    return build_pipeline().set_params(features__analyzer=analyzer)


def _blend_of_word_pairs() -> Pipeline:
    vectorizer = TfidfVectorizer(
        tokenizer=tokenize,
        lowercase=False,
        token_pattern=None,
        ngram_range=(1, 2),
        min_df=3,
        sublinear_tf=True,
    )
    return Pipeline([("features", vectorizer), ("classifier", build_pipeline()[-1])])


def _characters(classifier: Any) -> Pipeline:
    vectorizer = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), min_df=3, sublinear_tf=True
    )
    return Pipeline([("features", vectorizer), ("classifier", classifier)])


def _svm() -> LinearSVC:
    return LinearSVC(C=0.3, tol=1e-3, random_state=0)


def _logistic_regression() -> LogisticRegression:
    return LogisticRegression(C=10, tol=1e-3, max_iter=300)


def _ridge() -> RidgeClassifier:
    return RidgeClassifier(alpha=3, solver="sparse_cg", tol=1e-3)


BASELINE = Candidate(
    "baseline", "what has to be beaten, on posts as given", baseline_pipeline, first_view_only=True
)
SERVED = Candidate(
    "blend", "naive Bayes and NB-scaled SVM summed: the served model", build_pipeline
)

CANDIDATES = (
    BASELINE,
    Candidate("baseline, all views", "what the views alone bring", baseline_pipeline),
    Candidate(
        "multinomial NB",
        "the baseline's classifier on the served words",
        lambda: _words(MultinomialNB(alpha=0.05)),
    ),
    Candidate(
        "complement NB",
        "the naive Bayes of the blend, alone",
        lambda: _words(ComplementNB(alpha=0.15)),
    ),
    Candidate(
        "logistic regression",
        "the usual first choice with probabilities",
        lambda: _words(_logistic_regression()),
    ),
    Candidate("linear SVM", "the usual strong choice for texts", lambda: _words(_svm())),
    Candidate("ridge", "squared loss: the cheapest linear fit", lambda: _words(_ridge())),
    Candidate(
        "NB-SVM",
        "the SVM of the blend, alone",
        lambda: build_pipeline(nb_weight=0),
    ),
    SERVED,
    Candidate(
        "character SVM",
        "3 to 5 characters within words: no tokeniser to design",
        lambda: _characters(_svm()),
        slow=True,
    ),
)

NEIGHBOURS = (
    Candidate("min_df 2", "words of one text dropped", lambda: build_pipeline(min_df=2)),
    Candidate("min_df 3", "words of two texts dropped too", lambda: build_pipeline(min_df=3)),
    Candidate("nb_weight 0.5", "equal shares", lambda: build_pipeline(nb_weight=0.5)),
    Candidate("nb_weight 0.7", "less of the SVM", lambda: build_pipeline(nb_weight=0.7)),
    Candidate("smoothing 0.05", "a third of it", lambda: build_pipeline(smoothing=0.05)),
    Candidate("smoothing 0.3", "twice of it", lambda: build_pipeline(smoothing=0.3)),
    Candidate("svm_c 0.03", "a more regular SVM", lambda: build_pipeline(svm_c=0.03)),
    Candidate("svm_c 0.3", "a less regular SVM", lambda: build_pipeline(svm_c=0.3)),
    Candidate(
        "Subject once",
        "words of the Subject line not repeated",
        lambda: _cut_by(subject_once),
    ),
    Candidate(
        "final s kept",
        "plurals apart from their singular",
        lambda: _cut_by(final_s_kept),
    ),
    Candidate(
        "digits kept",
        "every number a word of its own",
        lambda: _cut_by(digits_kept),
    ),
    Candidate("posts only", "trained on posts as given", build_pipeline, first_view_only=True),
    Candidate(
        "word bigrams",
        "pairs of words too, of three texts or more",
        _blend_of_word_pairs,
    ),
    Candidate(
        "character n-grams",
        "3 to 5 characters within words, for reference",
        lambda: _characters(build_pipeline()[-1]),
        slow=True,
    ),
)
