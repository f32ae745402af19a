"""Cleaning: one text, however it is written, is one text to the model."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text import clean, is_blank

POST = "From: kim@example.com\nSubject: the old kiln\n\nIt cracked again.\n\nAny advice?\n"


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\u2028", "\u2029", "\x85"])
def test_line_ends_are_one(ending: str) -> None:
    """Whatever ends the lines, the text is the one with LF."""
    assert clean(POST.replace("\n", ending)) == POST


@pytest.mark.parametrize("blank", [" ", "\t ", "\xa0", "\u3000"])
def test_lines_of_blanks_are_empty(blank: str) -> None:
    """The header ends at a line that looks empty."""
    assert clean(POST.replace("\n\n", f"\n{blank}\n")) == POST


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("\uff4b\uff49\uff4c\uff4e", "kiln"),
        ("\U0001d424\U0001d422\U0001d425\U0001d427", "kiln"),
        ("\ufb01re", "fire"),
        (unicodedata.normalize("NFD", "glaçure brûlée"), "glaçure brûlée"),
        ("ki\u200bln", "kiln"),
        ("ki\xadln", "kiln"),
        ("\u2066kiln\u2069", "kiln"),
        ("ki\ufe0fln", "kiln"),
        ("\ufeffkiln", "kiln"),
        ("kiln\ufeff fire", "kiln fire"),
    ],
)
def test_letters_are_what_a_reader_sees(written: str, read: str) -> None:
    """Compatibility letters, decomposed accents and invisible characters make no other word."""
    assert clean(written) == read


@pytest.mark.parametrize("mark", ["> ", ">", ">> ", "| ", "> > "])
def test_text_that_is_all_quoted_is_the_text(mark: str) -> None:
    """The mark before every line goes, also where a blank line has only a part of it."""
    quoted = "".join(f"{mark}{line}".rstrip() + "\n" for line in POST.rstrip("\n").split("\n"))
    assert clean(quoted) == POST


def test_quotation_within_a_text_stays() -> None:
    """A reply is as it is."""
    text = "> Is it cracked?\nYes, it is.\n"
    assert clean(text) == text


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u200d", "\xad \ufeff", "\u2800\u3164", "\xa0"])
def test_invisible_text_is_blank(text: str) -> None:
    """What shows nothing is blank."""
    assert is_blank(text)


@pytest.mark.parametrize("text", ["a", "\u200ba", "\ud800", "窯"])
def test_visible_text_is_not_blank(text: str) -> None:
    """One character that shows is enough."""
    assert not is_blank(text)


@given(st.text(max_size=200))
def test_what_is_clean_stays(text: str) -> None:
    """Cleaning the result again changes nothing, whatever the text."""
    once = clean(text)
    assert clean(once) == once


@given(st.text(alphabet="abc d.\n", max_size=200))
def test_prose_is_left_alone(text: str) -> None:
    """Lines of words and blanks have nothing to remove but blanks on empty lines."""
    assert clean(text).split() == text.split()


HOSTILE = {
    "marks in two orders": "a" + "\u0301\u0327\u0316" * 20_000,
    "the longest ligatures": "\ufdfa" * 60_000,
    "encoded words": "Subject: " + "=?utf-8?B?QQ==?= " * 6_000 + "\n\nx",
    "folded header": "Subject: x\n" + " a\n" * 30_000,
    "nested parts": "Content-Type: multipart/mixed; boundary=b0\nFrom: a\n\n"
    + "".join(
        f"--b{i}\nContent-Type: multipart/mixed; boundary=b{i + 1}\n\n" for i in range(2_000)
    ),
    "open comments": "Content-Type: text/html\nFrom: a\n\n" + "<!--" * 25_000,
    "open styles": "Content-Type: text/html\nFrom: a\n\n" + "<style>" * 15_000,
    "open tags": "Content-Type: text/html\nFrom: a\n\n" + "<" * 100_000,
    "open armour": "-----BEGIN PGP MESSAGE-----\n" * 4_000,
    "open files": "begin 644 a\n" * 8_000,
    "quote marks": "> " * 50_000,
    "quote headers": "\nFrom: a\nTo: b" * 7_000,
    "quoting lines": "\nOn 1 wrote" * 9_000,
    "rules": "\n____________________" * 5_000,
    "legal words": "a\n\n" + "confidential intended recipient in error " * 2_500,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_takes_long(text: str) -> None:
    """Texts of 100 kB that were made to be costly take no more than a hundred times plain ones.

    A quadratic step would take thousands of times as much.
    """
    plain = "some words of a plain text\n" * (len(text) // 27)
    usual = min(_seconds(plain) for _ in range(3))
    assert _seconds(text) < 100 * usual + 0.05
    assert len(clean(text)) <= 4 * len(text)


def _seconds(text: str) -> float:
    started = time.process_time()
    clean(text)
    return time.process_time() - started
