"""The terms of many texts at once against the vectorizer's own analyzer, one text at a time."""

from __future__ import annotations

import gc
import re
import weakref
from collections import Counter
from collections.abc import Callable
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from model.hashing import hash_strings
from model.terms import array_analyzer, term_splitter
from model.tokens import tokenize


def split(text: str) -> list[str]:
    """A tokeniser that keeps case and punctuation."""
    return re.findall(r"\w+|[^\w\s]", text)


TOKENIZED = {"token_pattern": None, "lowercase": False}
VECTORIZERS: dict[str, Callable[[], TfidfVectorizer]] = {
    "served": lambda: TfidfVectorizer(analyzer=tokenize),
    "served, word pairs": lambda: TfidfVectorizer(
        tokenizer=tokenize, ngram_range=(1, 2), **TOKENIZED
    ),
    "served, lower case first": lambda: TfidfVectorizer(tokenizer=tokenize, token_pattern=None),
    "default": TfidfVectorizer,
    "word pairs": lambda: TfidfVectorizer(ngram_range=(1, 2)),
    "two or three words": lambda: TfidfVectorizer(ngram_range=(2, 3), lowercase=False),
    "accents": lambda: TfidfVectorizer(strip_accents="unicode"),
    "stop words": lambda: TfidfVectorizer(stop_words=["the", "is"], ngram_range=(1, 2)),
    "another pattern": lambda: TfidfVectorizer(token_pattern=r"\w+"),
    "another tokenizer": lambda: TfidfVectorizer(tokenizer=split, **TOKENIZED),
    "another analyzer": lambda: TfidfVectorizer(analyzer=split),
    "characters": lambda: TfidfVectorizer(analyzer="char", ngram_range=(1, 3)),
    "four characters": lambda: TfidfVectorizer(analyzer="char", ngram_range=(4, 4)),
    "within words": lambda: TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5)),
    "one character": lambda: TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 1)),
    "longer than words": lambda: TfidfVectorizer(
        analyzer="char_wb", ngram_range=(5, 6), lowercase=False
    ),
}

AWKWARD = [
    "",
    " ",
    "s",
    "a",
    "s s ss",
    "  The  horses'\n\n\ttails  ",
    "Subject: Re: moons\n\nmoons",
    "Subject:" + " word" * 400,
    "Subject: ΓΔΣ\nΓΔΣ",
    "宇宙船sと月s",
    "İstanbul Œuvre ٤٢",
    "a\0b \0",
    "\x1c\x1d\u2003\u00a0",
    "under_score x_ _",
    "e\u0301cole \U0010ffff \ud800",
    "x" * 70_000 + " s" * 10,
]
# What words are made of, what divides them and what has rules of its own.
tricky = st.text(st.sampled_from("sSaΣİé宙か1٤\u0301\0_\n\t :'\x1c"), max_size=20)
subjects = tricky.map("Subject:{}".format)
texts = st.one_of(tricky, subjects, st.text(st.characters(exclude_categories=[]), max_size=20))


def assert_same_terms(kind: str, many: list[str]) -> None:
    """Each text has the hashes of the terms that the vectorizer's own analyzer gives."""
    vectorizer = VECTORIZERS[kind]()
    found = array_analyzer(vectorizer)(many)
    hashes = iter(found.hashes.tolist())
    own = term_splitter(vectorizer)
    for text, count in zip(many, found.counts, strict=True):
        expected = Counter(hash_strings(list(own(text))).tolist())
        assert Counter(islice(hashes, count)) == expected, text
    assert list(hashes) == []


@pytest.mark.parametrize("kind", VECTORIZERS)
def test_awkward_texts_have_the_terms_of_the_analyzer(kind: str) -> None:
    """Empty, long and strange texts have no term more or less, in whatever company."""
    assert_same_terms(kind, AWKWARD)
    assert_same_terms(kind, [text for text in AWKWARD if text.isascii()])
    for text in AWKWARD:
        assert_same_terms(kind, [text])


@given(kind=st.sampled_from(list(VECTORIZERS)), many=st.lists(texts, min_size=1, max_size=5))
def test_any_texts_have_the_terms_of_the_analyzer(kind: str, many: list[str]) -> None:
    """No text has other terms than those that the model was trained on."""
    assert_same_terms(kind, many)


@pytest.mark.parametrize("kind", VECTORIZERS)
def test_fitted_vectorizer_is_let_go(kind: str) -> None:
    """What is kept of a vectorizer does not hold its vocabulary in memory."""
    vectorizer = VECTORIZERS[kind]().fit(["the salt is in the soup, says she"])
    kept = array_analyzer(vectorizer), term_splitter(vectorizer)
    fitted = weakref.ref(vectorizer)
    del vectorizer
    gc.collect()
    assert fitted() is None
    assert all(kept)
