"""Tokenising: the one function that turns a text into the words the model counts.

May import nothing of ours. Training and serving share this very function, so a text is always cut
the same way in both.
"""

from __future__ import annotations

import unicodedata

SUBJECT_REPEATS = 3
"""Times the words of the Subject line are counted on top of their one occurrence in the text:
counting them just once costs 0.002 on posts (`make compare`)."""

_SUBJECT = "Subject:"

# Code points below this, which holds the alphabetic scripts, are classified at import.
_PREPARED = 0x3000


class _CharacterMap(dict[int, str]):
    """What `str.translate` puts in the place of each code point.

    Answers found on demand are not stored, so hostile input cannot grow the map.
    """

    def __missing__(self, code_point: int) -> str:
        return _replacement(code_point)


def _replacement(code_point: int) -> str:
    character = chr(code_point)
    category = unicodedata.category(character)
    if category == "Nd":
        return "0"
    if category[0] not in "LM":
        return " "
    return f" {character} " if _is_unspaced(code_point) else character


def _is_unspaced(code_point: int) -> bool:
    """Whether the character belongs to a script written without spaces (kana, Han)."""
    return (
        0x3040 <= code_point <= 0x30FF
        or 0x3400 <= code_point <= 0x9FFF
        or 0xF900 <= code_point <= 0xFAFF
        or 0x20000 <= code_point <= 0x3FFFF
    )


_CHARACTERS = _CharacterMap({code: _replacement(code) for code in range(_PREPARED)})

# The same for bytes, lower-casing included: a quarter of the time, for most of the texts.
_ASCII = "".join(map(chr, range(128))).lower().translate(_CHARACTERS).encode("ascii").ljust(256)


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
      are counted `SUBJECT_REPEATS` times more.
    """
    words = _words(text)
    subject = _subject_of(text)
    return words + _words(subject) * SUBJECT_REPEATS if subject else words


def _words(text: str) -> list[str]:
    # One replacement over the whole string is much cheaper than a look at every word.
    if text.isascii():
        characters = text.encode("ascii").translate(_ASCII).decode("ascii")
    else:
        characters = text.lower().translate(_CHARACTERS)
    return (characters + " ").replace("s ", " ").split()


def _subject_of(text: str) -> str:
    """The rest of the first paragraph's line that begins with `Subject:`, or nothing."""
    start = text.find(_SUBJECT, 0, _first_paragraph_end(text))
    if start == -1 or (start > 0 and text[start - 1] != "\n"):
        return ""
    return text[start + len(_SUBJECT) :].partition("\n")[0]


def _first_paragraph_end(text: str) -> int:
    blank_line = text.find("\n\n")
    return blank_line if blank_line >= 0 else len(text)
