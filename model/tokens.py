"""Tokenising: the one function that turns a text into the words the model counts.

May import nothing of ours. Training and serving share this very function, so a text is always cut
the same way in both.
"""

from __future__ import annotations

import unicodedata

import numpy as np
from numpy.typing import NDArray

SUBJECT_REPEATS = 3
"""Times the words of the Subject line are counted on top of their one occurrence in the text:
counting them just once costs 0.002 on posts (`make compare`)."""

_SUBJECT = "Subject:"

# The longest that a line of mail may be (RFC 5322, 2.1.1). Without a bound, a text that is all
# Subject would cost four times what others of its size do.
_LINE = 998

# What a character is to the tokeniser.
_SEPARATOR, _LETTER, _DIGIT, _UNSPACED, _UNSEEN = range(5)

# For each code point; in blocks that are filled when a text first needs them, since all of Unicode
# takes half a second. `str.translate` would ask Python for each character that its map lacks: five
# times the price of an ordinary text, for whoever writes in Han or wants to be a burden.
_KINDS = np.full(0x110000, _UNSEEN, dtype=np.uint8)
_BLOCK = 1024


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


def _kinds(codes: NDArray[np.uint32]) -> NDArray[np.uint8]:
    kinds = _KINDS.take(codes)
    unseen = kinds == _UNSEEN
    if unseen.any():
        for block in np.unique(codes[unseen] // _BLOCK).tolist():
            points = range(block * _BLOCK, (block + 1) * _BLOCK)
            _KINDS[points.start : points.stop] = [_kind(point) for point in points]
        kinds = _KINDS.take(codes)
    return kinds


def _spaced(text: str) -> str:
    """The lower-cased text, with spaces for all that separates and around unspaced characters."""
    encoded = text.lower().encode("utf-32-le", "surrogatepass")
    codes = np.frombuffer(encoded, dtype="<u4").copy()
    kinds = _kinds(codes)
    codes[kinds == _SEPARATOR] = ord(" ")
    codes[kinds == _DIGIT] = ord("0")
    unspaced = kinds == _UNSPACED
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
    * kana and Han characters are one word each, for want of spaces;
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
    start = text.find(_SUBJECT, 0, _first_paragraph_end(text))
    if start == -1 or (start > 0 and text[start - 1] != "\n"):
        return ""
    start += len(_SUBJECT)
    return text[start : start + _LINE].partition("\n")[0]


def _first_paragraph_end(text: str) -> int:
    blank_line = text.find("\n\n")
    return blank_line if blank_line >= 0 else len(text)
