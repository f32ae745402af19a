"""Tokenising: what words the model counts in a text.

`tokenize` gives them as strings, for training and for explanations; `locate_words` gives the places
of the same words in many texts at once, for the compiled scorer. Tests hold the two together.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.characters import CharacterTable

SUBJECT_REPEATS = 3
"""Times the words of the Subject line are counted on top of their one occurrence in the text:
counting them just once costs 0.002 on posts (`make compare`)."""

_SUBJECT = "Subject:"

# The longest that a line of mail may be (RFC 5322, 2.1.1). Without a bound, a text that is all
# Subject would cost four times what others of its size do.
_LINE = 998

# What a character is to the tokeniser.
_SEPARATOR, _LETTER, _DIGIT, _UNSPACED = range(4)


def _kind(code_point: int) -> int:
    category = unicodedata.category(chr(code_point))
    if category == "Nd":
        return _DIGIT
    if category[0] not in "LM":
        return _SEPARATOR
    return _UNSPACED if _is_unspaced(code_point) else _LETTER


def _is_unspaced(code_point: int) -> bool:
    """Whether the character belongs to a script written without spaces (kana, Han)."""
    return (
        0x3040 <= code_point <= 0x30FF
        or 0x3400 <= code_point <= 0x9FFF
        or 0xF900 <= code_point <= 0xFAFF
        or 0x20000 <= code_point <= 0x3FFFF
    )


_KINDS = CharacterTable(_kind)


def _coded(lowered: str) -> tuple[NDArray[np.uint32], NDArray[np.bool_], NDArray[np.bool_]]:
    """The code points of a lower-cased text, spaces for all that separates and 0 for digits.

    Then which of them separate words, and which are words by themselves.
    """
    codes = np.frombuffer(lowered.encode("utf-32-le", "surrogatepass"), dtype="<u4").copy()
    kinds = _KINDS.of(codes)
    separators = kinds == _SEPARATOR
    codes[separators] = ord(" ")
    codes[kinds == _DIGIT] = ord("0")
    return codes, separators, kinds == _UNSPACED


def _spaced(text: str) -> str:
    """The lower-cased text, with spaces for all that separates and around unspaced characters."""
    codes, _, unspaced = _coded(text.lower())
    if unspaced.any():
        times = np.where(unspaced, 3, 1)
        codes = np.repeat(codes, times)
        outer = np.flatnonzero(np.repeat(unspaced, times)).reshape(-1, 3)[:, ::2]
        codes[outer] = ord(" ")
    return codes.tobytes().decode("utf-32-le", "surrogatepass")


# The same for ASCII, byte by byte: a fraction of the time, for most of the texts.
_ASCII = "".join(_spaced(chr(code)) for code in range(128)).encode("ascii").ljust(256)


def tokenize(text: str) -> list[str]:
    """The words of `text`, in order, followed by the repeated words of its Subject line.

    The rules, each of them a linear-time operation of `str`:

    * letters are lower-cased, and letters and combining marks of every script are kept;
    * every decimal digit becomes `0`, so `1993` and `2026` are one word, `0000`;
    * every other character separates words; `user@host.edu` gives `user`, `host`, `edu`;
    * kana and Han characters are one word each, because they have no spaces;
    * one final `s` of a word is dropped: plurals meet their singular, at the price of
      shortening `is` to `i` (in `make compare` a gain, though not beyond noise);
    * when the first paragraph has a line `Subject: ...`, as mail headers do, its words
      (of its first 998 characters) are counted `SUBJECT_REPEATS` times more.
    """
    words = _words(text)
    subject = _subject_of(text)
    return words + _words(subject) * SUBJECT_REPEATS if subject else words


def _words(text: str) -> list[str]:
    # Over the whole string, because a look at every word would cost much more; and by cutting and
    # joining, which does what `replace` does in half its time.
    if text.isascii():
        characters = text.encode("ascii").translate(_ASCII).decode("ascii")
    else:
        characters = _spaced(text)
    return " ".join((characters + " ").split("s ")).split()


def _subject_of(text: str) -> str:
    """The rest of the first paragraph's line that begins with `Subject:`, or nothing."""
    end = _first_paragraph_end(text)
    if not text.startswith(_SUBJECT):
        found = text.find("\n" + _SUBJECT, 0, end)
        if found == -1:
            return ""
        start = found + 1
    else:
        start = 0
    start += len(_SUBJECT)
    return text[start : start + _LINE].partition("\n")[0]


def _first_paragraph_end(text: str) -> int:
    blank_line = text.find("\n\n")
    return blank_line if blank_line >= 0 else len(text)


class Words(NamedTuple):
    """Where the words of some texts stand in one string."""

    codes: NDArray[np.uint8] | NDArray[np.uint32]
    """The code points of the string, the first of which belongs to no word."""
    before: NDArray[np.intp]
    """The position before each word, in ascending order, [n_words]."""
    last: NDArray[np.intp]
    """The position of its last character, [n_words]."""
    counts: list[int]
    """How many words each text has."""


def locate_words(texts: Sequence[str]) -> Words:
    """Find the words that `tokenize` gives of each text, though not in its order."""
    whole = [_with_subject(text) for text in texts]
    joined = " ".join(["", *whole, ""])
    if joined.isascii():
        codes = np.frombuffer(joined.encode("ascii").translate(_ASCII), dtype=np.uint8)
        separators = codes == ord(" ")
        # A final s separates: it is part of no word.
        separators[:-1] |= (codes[:-1] == ord("s")) & separators[1:]
        edges = (separators[1:] != separators[:-1]).nonzero()[0]
        return Words(codes, edges[::2], edges[1::2], count_by_text(edges[::2], whole))
    # One by one, because lower case may be longer.
    return _locate_any([text.lower() for text in whole])


def _locate_any(lowered: Sequence[str]) -> Words:
    """As `locate_words`, with characters that are words by themselves."""
    codes, separators, alone = _coded(" ".join(["", *lowered, ""]))
    separators[:-1] |= (codes[:-1] == ord("s")) & (separators[1:] | alone[1:])
    edges = separators[1:] != separators[:-1]
    edges |= alone[1:] | alone[:-1]
    before = (edges & ~separators[1:]).nonzero()[0]
    last = (edges & ~separators[:-1]).nonzero()[0]
    return Words(codes, before, last, count_by_text(before, lowered))


def count_by_text(before: NDArray[np.intp], texts: Sequence[str]) -> list[int]:
    """How many of the words that start after the positions `before` each text has.

    The texts stand one after another, with a space before each.
    """
    if len(texts) == 1:
        return [len(before)]
    ends = np.add.accumulate([len(text) + 1 for text in texts])
    counts: list[int] = np.diff(before.searchsorted(ends), prepend=0).tolist()
    return counts


def _with_subject(text: str) -> str:
    subject = _subject_of(text)
    return text + ("\n" + subject) * SUBJECT_REPEATS if subject else text
