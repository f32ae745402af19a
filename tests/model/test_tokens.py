"""Tests of tokenising."""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.tokens import SUBJECT_REPEATS, locate_words, tokenize

UNSPACED = [(0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t .,!", []),
        ("Orbit ORBIT", ["orbit", "orbit"]),
        ("mail me@host.edu now", ["mail", "me", "host", "edu", "now"]),
        ("in 1993, 42% off", ["in", "0000", "00", "off"]),
        ("snake_case well-known don't", ["snake", "case", "well", "known", "don", "t"]),
        ("rockets rocket class", ["rocket", "rocket", "clas"]),
    ],
)
def test_ascii_rules(text: str, words: list[str]) -> None:
    """ASCII text is lower-cased, digits become 0, the rest separates, a final s is dropped."""
    assert tokenize(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Élan à Göteborg", ["élan", "à", "göteborg"]),
        ("Привет, МИР!", ["привет", "мир"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
        ("宇宙船", ["宇", "宙", "船"]),
        ("٤٢ «да»", ["00", "да"]),
        ("go\u2014now\u00a0or never", ["go", "now", "or", "never"]),
    ],
)
def test_other_scripts(text: str, words: list[str]) -> None:
    """Letters and marks of every script are kept; Han and kana are one word each."""
    assert tokenize(text) == words


def by_definition(text: str) -> list[str]:
    """The rules, read out character by character."""
    written = []
    for character in text.lower():
        category, code = unicodedata.category(character), ord(character)
        unspaced = any(first <= code <= last for first, last in UNSPACED)
        if category == "Nd":
            written.append("0")
        elif category[0] in "LM":
            written.append(f" {character} " if unspaced else character)
        else:
            written.append(" ")
    return [word for word in re.sub("s( |$)", " ", "".join(written)).split(" ") if word]


def test_every_character_follows_the_rules() -> None:
    """All of Unicode is cut by the definition, halves of surrogate pairs included."""
    everything = "".join(map(chr, range(0x110000)))
    assert tokenize(everything) == by_definition(everything)


@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_any_text_follows_the_rules(text: str) -> None:
    """Whatever stands beside what, the words are those of the definition."""
    assert tokenize(text) == by_definition(text)


def test_one_non_ascii_character_leaves_the_other_words_alone() -> None:
    """The ASCII fast path and the general path cut ASCII words in the same way."""
    text = "Some e-mail: 12 words, under_scored (and) more's"
    assert tokenize(text + " é") == [*tokenize(text), "é"]


def test_subject_words_count_more() -> None:
    """The words of a header's Subject line are repeated after the words of the text."""
    words = tokenize("From: a@b\nSubject: Re: Moon landing\n\nHello moon")
    assert words.count("landing") == 1 + SUBJECT_REPEATS
    assert words.count("moon") == 2 + SUBJECT_REPEATS
    assert words.count("hello") == 1


@pytest.mark.parametrize(
    "text",
    ["Hello\n\nSubject: moon", "The Subject: moon\n\nHello", "No subject: moon"],
)
def test_subject_elsewhere_counts_once(text: str) -> None:
    """`Subject:` inside a line or after the first blank line is an ordinary word."""
    assert tokenize(text).count("moon") == 1


def test_subject_longer_than_a_line_of_mail_counts_once_beyond_it() -> None:
    """What follows the first 998 characters of a Subject is text like any other."""
    words = tokenize("Subject: near" + " " * 1000 + "far")
    assert words.count("near") == 1 + SUBJECT_REPEATS
    assert words.count("far") == 1


def test_subject_may_end_the_text() -> None:
    """A Subject line needs neither a newline nor a blank line after it."""
    assert tokenize("Subject: moon").count("moon") == 1 + SUBJECT_REPEATS


@pytest.mark.parametrize("piece", ["a", "\n", "Subject:", "Subject:\n", "é ", "宙", "s "])
def test_time_is_linear(piece: str) -> None:
    """A quarter megabyte of any repeated piece takes well under two seconds."""
    text = piece * (250_000 // len(piece))
    start = time.perf_counter()
    tokenize(text)
    assert time.perf_counter() - start < 2.0


def located(texts: list[str]) -> list[Counter[str]]:
    """The words of each text, cut out of the string at the places that are given."""
    codes, before, last, counts = locate_words(texts)
    places = zip(before.tolist(), last.tolist(), strict=True)
    cut = (codes[start + 1 : end + 1] for start, end in places)
    words = iter("".join(map(chr, word.tolist())) for word in cut)
    found = [Counter(next(words) for _ in range(count)) for count in counts]
    assert list(words) == []
    return found


@pytest.mark.parametrize("ending", ["", " 宙"])
def test_located_words_are_those_of_the_tokeniser(ending: str) -> None:
    """Found in many texts at once, the words are the same, in ASCII and beyond it."""
    texts = [
        "Subject: Re: 12 Moons\n\nIt's a moon's class.",
        "",
        "s",
        "Subject: " + "moons " * 200 + ending,
        "ENDS WITH S" + ending,
    ]
    assert located(texts) == [Counter(tokenize(text)) for text in texts]


@given(st.lists(st.text(st.characters(exclude_categories=[]), max_size=40), min_size=1))
def test_words_of_any_texts_are_located(texts: list[str]) -> None:
    """No text loses a word to its neighbours or wins one from them."""
    assert located(texts) == [Counter(tokenize(text)) for text in texts]
