"""The terms of many texts as hashes: what a TfidfVectorizer's analyzer does, in arrays.

Words and n-grams of words or characters are hashed where they stand in the texts. Any other
analyzer, such as one with stop words, is called as it is, and its terms are hashed then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer

from model.characters import CharacterTable
from model.hashing import (
    Hashes,
    code_points,
    hash_pairs,
    hash_strings,
    hash_substrings,
    hash_windows,
)
from model.tokens import Words, count_by_text, locate_words, tokenize


class Terms(NamedTuple):
    """All terms of some texts: those of the first text, in any order, those of the second..."""

    hashes: Hashes
    counts: list[int]
    """How many terms each text has."""


Analyzer = Callable[[Sequence[str]], Terms]

_SPACE = ord(" ")
# Those of scikit-learn.
_WORD_PATTERN = r"(?u)\b\w\w+\b"
_SHORTEST_WORD = 2
_SHORTEST_SPACED_WORD = 3
_BLANKS = re.compile(r"\s\s+")


def term_splitter(vectorizer: TfidfVectorizer) -> Callable[[str], Sequence[str]]:
    """The vectorizer's function from a text to its terms, without its vocabulary."""
    splitter: Callable[[str], Sequence[str]] = clone(vectorizer).build_analyzer()
    return splitter


def array_analyzer(vectorizer: TfidfVectorizer) -> Analyzer:
    """The function from texts to the hashes of the very terms that the vectorizer makes of them."""
    analyzer, low_high = vectorizer.analyzer, vectorizer.ngram_range
    preprocess: Callable[[str], str] = clone(vectorizer).build_preprocessor()
    if analyzer is tokenize:
        return _word_analyzer(locate_words, (1, 1))
    if analyzer in ("char", "char_wb"):
        return _character_analyzer(preprocess, *low_high, within_words=analyzer == "char_wb")
    if analyzer == "word" and vectorizer.stop_words is None:
        changed = vectorizer.lowercase or vectorizer.strip_accents or vectorizer.preprocessor
        if vectorizer.tokenizer is tokenize and not changed:
            return _word_analyzer(locate_words, low_high)
        if vectorizer.tokenizer is None and vectorizer.token_pattern == _WORD_PATTERN:
            return _word_analyzer(_default_words(preprocess), low_high)
    return _called(term_splitter(vectorizer))


def _called(split: Callable[[str], Sequence[str]]) -> Analyzer:
    """Call a function that gives the terms as strings."""

    def analyze(texts: Sequence[str]) -> Terms:
        terms = [list(split(text)) for text in texts]
        return Terms(hash_strings(list(chain(*terms))), list(map(len, terms)))

    return analyze


def _word_analyzer(locate: Callable[[Sequence[str]], Words], low_high: tuple[int, int]) -> Analyzer:
    """Take the n-grams of `low` to `high` words that a function locates."""
    low, high = low_high

    def analyze(texts: Sequence[str]) -> Terms:
        words = locate(texts)
        hashes = hash_substrings(words.codes, words.before, words.last)
        if high == 1:
            return Terms(hashes, words.counts)
        # How many words there are to the end of the text, from each on.
        ends = np.add.accumulate(words.counts)
        room = np.repeat(ends, words.counts) - np.arange(len(hashes))
        lengths = words.last - words.before
        grams = np.zeros((len(hashes), high), dtype=np.uint64)
        grams[:, 0] = hashes
        for n in range(1, high):
            # A word and the n-gram, one shorter, that begins with the next word.
            grams[:-1, n] = hash_pairs(hashes[:-1], lengths[:-1], grams[1:, n - 1])
        sizes = np.arange(low, high + 1)
        fits = room[:, None] >= sizes
        per_word = np.append(0, np.add.accumulate(fits.sum(axis=1)))
        counts = np.diff(per_word[ends], prepend=0).tolist()
        return Terms(grams[:, low - 1 :][fits], counts)

    return analyze


def _default_words(preprocess: Callable[[str], str]) -> Callable[[Sequence[str]], Words]:
    """Locate the words of scikit-learn's default pattern: two or more letters, digits or `_`."""
    kinds = CharacterTable(lambda code: chr(code) == "_" or chr(code).isalnum())

    def locate(texts: Sequence[str]) -> Words:
        processed = [preprocess(text) for text in texts]
        # A null character separates words as a space does.
        codes = code_points(" ".join(["", *processed, ""]).replace("\0", " "))
        inside = kinds.of(codes)
        edges = (inside[1:] != inside[:-1]).nonzero()[0]
        long = edges[1::2] - edges[::2] >= _SHORTEST_WORD
        before, last = edges[::2][long], edges[1::2][long]
        return Words(codes, before, last, count_by_text(before, processed))

    return locate


def _character_analyzer(
    preprocess: Callable[[str], str], low: int, high: int, *, within_words: bool
) -> Analyzer:
    """Take the n-grams of `low` to `high` characters of texts, or of each word between spaces."""
    lay_out = _spaced_words if within_words else _without_long_blanks
    short_too = within_words and low > _SHORTEST_SPACED_WORD

    def analyze(texts: Sequence[str]) -> Terms:
        hashes = [
            _hash_ngrams(lay_out(preprocess(text)), low, high, short_too=short_too)
            for text in texts
        ]
        return Terms(np.concatenate(hashes), list(map(len, hashes)))

    return analyze


def _spaced_words(text: str) -> str:
    """The words of a text, with a space before and after each: two between words."""
    words = text.split()
    return f" {'  '.join(words)} " if words else ""


def _without_long_blanks(text: str) -> str:
    """As scikit-learn has it: a single blank stays what it is, several become a space."""
    return _BLANKS.sub(" ", text)


def _hash_ngrams(text: str, low: int, high: int, *, short_too: bool) -> Hashes:
    """The hashes of all n-grams in which no two spaces meet.

    A spaced word that is too short for any counts as one, as a whole, where `short_too` says so.
    """
    codes = code_points(" " + text)
    blank = codes == _SPACE
    # Whether a position and the next one are in one word.
    joined = ~(blank[1:] & blank[:-1])
    whole = np.ones(len(joined), dtype=bool)
    for size in range(2, low + 1):
        whole = whole[:-1] & joined[size - 1 :]
    found = []
    for size, hashes in enumerate(hash_windows(codes, range(low, high + 1)), low):
        found.append(hashes.take(whole.nonzero()[0]))
        # One character more makes an n-gram if it is in the word of the one before.
        whole = whole[:-1] & joined[size:]
    if short_too:
        ends = np.append((~joined[1:]).nonzero()[0] + 1, len(joined))
        before = np.append(0, ends[:-1])
        short = (before < ends) & (ends - before < low)
        found.append(hash_substrings(codes, before[short], ends[short]))
    return np.concatenate(found)
