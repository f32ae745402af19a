"""From a raw text to the text that the model sees: the same in training and in serving.

What a reader does not see, or what mail software adds, must not decide the label: how lines end and
letters are encoded, in which order and case a header has its fields, how a body is encoded, and
what stands below it. Most texts need nothing of this, so each step begins with a cheap look.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
from sklearn.preprocessing import FunctionTransformer

from model.boilerplate import without_legal_notes, without_quote_headers
from model.characters import CharacterTable
from model.encoded import without_encoded_lines
from model.mail import read_mail

# What the beginning of a line shows: that there may be something to remove, be it encoded or
# armoured, a line of blanks, what introduces a quotation, or a footer. The pattern begins with a
# line end, which is found fastest, because every text pays for it.
_SIGNS = re.compile(
    r"\n(?:[ \t]+\n|[>| *]{0,6}+(?:[^\s=*._#~-]{12}+[^\s]{28}|begin |-{5}BEGIN|=y"
    r"|(?:0x)?[0-9a-fA-F]{2,8}+[ ,:]++(?:0x)?[0-9a-fA-F]{2,8}+[ ,:]"
    r"|(?:On|Le|Am|El|Il|Op|Em) [^\n]*\d|(?:From|Von|De|Da|Van)[*]? ?:"
    r"|-{2,10} ?[OF]|_{8}|Begin f|Sent from|Get Out|Envoy|Von m))"
)
_FIRST_SIGNS = ("-----BEGIN ", "On ", "Le ", "Am ", "El ", "Il ", "Op ", "Em ", "--", "Begin f")
_BLANK_LINE = re.compile(r"\n[ \t]+(?=\n)")
_QUOTE = re.compile(r"(?:[>|][ \t]?)+")

# In a long text whose lines are shorter than this on average, too few are long enough to hold
# anything to remove.
_SHORTEST_LINE = 8
_LONG_TEXT = 10_000

# What a character is to a reader.
_VISIBLE, _INVISIBLE, _MARK = range(3)

# Besides the category of format characters: the grapheme joiner, fillers of Hangul and Khmer, the
# blank of Braille and variation selectors.
_ALSO_INVISIBLE = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *(*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
    )
)

_MOST_MARKS = 30
"""Marks on one letter, as in Unicode's Stream-Safe Text Format (Annex 15): it takes quadratic time
to bring more into order."""

# This one character stands for 18 others: a text of it alone would grow to several times its bytes.
_LONGEST_LIGATURE = "\ufdfa"


def clean(text: str) -> str:
    """Return the text that the model sees. What it returns stays the same when cleaned again."""
    text = normalise(text)
    if text[:1] in (">", "|"):
        text = _without_quote_marks(text)
    is_suspect = _has_signs(text)
    if is_suspect:
        text = _BLANK_LINE.sub("\n", text)
        is_suspect = _has_signs(text)
    text, is_decoded = read_mail(text, normalise)
    if is_suspect or (is_decoded and _has_signs(text)):
        text = without_quote_headers(without_encoded_lines(_BLANK_LINE.sub("\n", text)))
    return without_legal_notes(text)


def _has_signs(text: str) -> bool:
    """Return whether some line may be one to remove."""
    if len(text) > _LONG_TEXT and len(text) < _SHORTEST_LINE * text.count("\n"):
        return False
    return _SIGNS.search(text) is not None or text.startswith(_FIRST_SIGNS)


def clean_all(texts: Sequence[str]) -> list[str]:
    """Return what the model sees of each text."""
    return list(map(clean, texts))


def cleaning_step() -> FunctionTransformer:
    """Return the first step of a pipeline that is given raw texts."""
    return FunctionTransformer(clean_all)


def normalise(text: str) -> str:
    """Return a text in one spelling: NFKC (Unicode Annex 15), nothing invisible, LF line ends."""
    if not text.isascii():
        for separator in "\x85\u2028\u2029":
            text = text.replace(separator, "\n")
        text = unicodedata.normalize("NFKC", _visible(text.replace(_LONGEST_LIGATURE, " ")))
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text


def is_blank(text: str) -> bool:
    """Return whether a text shows nothing: it is empty, or all white space and invisible."""
    if not text or text.isspace():
        return True
    return not text.isascii() and not _visible(text).strip()


def _visible(text: str) -> str:
    """Return a text without what shows nothing, and without marks beyond the most on a letter."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    kinds = _KINDS.of(codes)
    if not kinds.any():
        return text
    is_dropped = kinds == _INVISIBLE
    is_mark = kinds == _MARK
    if np.count_nonzero(is_mark) > _MOST_MARKS:
        positions = np.arange(len(codes))
        letters = np.maximum.accumulate(np.where(is_mark, -1, positions))
        is_dropped |= positions - letters > _MOST_MARKS
    kept: bytes = codes[~is_dropped].tobytes()
    return kept.decode("utf-32-le", "surrogatepass")


def _kind(code_point: int) -> int:
    character = chr(code_point)
    if code_point in _ALSO_INVISIBLE or unicodedata.category(character) == "Cf":
        return _INVISIBLE
    return _MARK if unicodedata.combining(character) else _VISIBLE


_KINDS = CharacterTable(_kind)


def _without_quote_marks(text: str) -> str:
    """Remove the mark that every line begins with, if every line does."""
    found = _QUOTE.match(text)
    mark = found[0].rstrip() if found else ""
    lines = text.split("\n")
    if not mark or any(line and not line.startswith(mark) for line in lines):
        return text
    return "\n".join(line[len(mark) :].removeprefix(" ") for line in lines)
