"""Files that were encoded into a text, such as by base64 or uuencode, and PGP's armour: no words.

Lines are taken for encoded by their form: without spaces, of one length and of many different
characters (base64, base32, ascii85, BinHex, plain hex); as uuencode begins them; or as a dump of
bytes in hexadecimal. Three in a row are needed, which prose does not have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from string import hexdigits

_RUN = 3
_HEX_DIGITS = frozenset(hexdigits)
_SHORTEST = 20
_DENSE_LENGTH = 40
_DENSE_CHARACTERS = 12
_QUOTE = re.compile(r"(?:[>|] ?)+")
# One line of base64 as long as this is no word either.
_LONGEST = 160
_LONG = re.compile(r"[A-Za-z0-9+/=_-]+")

_UUENCODED = re.compile(r"[!-M][ -`]{1,62}")
# An offset, if there is one, and groups of one, two or four bytes.
_DUMP = re.compile(
    r"(?:(?:0x)?[0-9a-f]{4,12}[:h]?[ \t]+)?"
    r"(?:(?:(?:0x)?[0-9a-f]{2}(?:[0-9a-f]{2})?[ \t,:-]+){6}|(?:[0-9a-f]{8}(?:[ \t]+|$)){4})",
    re.IGNORECASE,
)
_FRAME = re.compile(
    r"begin(?:-base64)? [0-7]{3,4} .*|end|`|={4}|=y(?:begin|part|end) .*|<~.*|~>"
    r"|xbtoa (?:Begin|End).*|\(This file must be converted with BinHex.*"
)
_ARMOUR = re.compile(r"(?:- )?-----(BEGIN|END) ([A-Z0-9 ]+)-----[ \t]*")
_SIGNED = "PGP SIGNED MESSAGE"


def without_encoded_lines(text: str) -> str:
    """Return a text without armour and runs of encoded lines. Takes linear time."""
    if "-----BEGIN " in text:
        text = _without_armour(text)
    lines = text.split("\n")
    encoded = _encoded(lines)
    if not any(encoded):
        return text
    kept = [
        line
        for line, is_encoded in zip(lines, encoded, strict=True)
        if not is_encoded and not _FRAME.fullmatch(_bare(line))
    ]
    return "\n".join(kept)


def _bare(line: str) -> str:
    """Return a line without the marks of a quotation."""
    found = _QUOTE.match(line)
    return line[found.end() :] if found else line


def _encoded(lines: list[str]) -> list[bool]:
    """Return which lines are encoded."""
    found = [len(line) >= _LONGEST and _LONG.fullmatch(_bare(line)) is not None for line in lines]
    # Encoded lines may begin with what marks a quotation.
    kinds = [
        _kind(line) or (_kind(_bare(line)) if line[:1] in (">", "|") else None) for line in lines
    ]
    for kind, run in _runs(kinds):
        if kind and len(run) >= _RUN:
            end = run.stop
            if end < len(lines) and _ends_block(lines[end], lines[run.start], kind):
                end += 1
            found[run.start : end] = [True] * (end - run.start)
    if any("=ybegin " in line for line in lines):
        _mark_yenc(lines, found)
    return found


def _ends_block(line: str, first: str, kind: object) -> bool:
    """Return whether a line is the last of a block, which is shorter than the first."""
    line = line.removeprefix(first.removesuffix(_bare(first)))
    if kind == "uuencode":
        return _UUENCODED.fullmatch(line) is not None and _is_uuencoded(line)
    return 0 < len(line) <= len(first) and " " not in line


def _kind(line: str) -> object:
    """Return what a line shares with others of its block; None for one that is not encoded."""
    if len(line) < _SHORTEST:
        return None
    if line[0] in _HEX_DIGITS and _DUMP.match(line):
        return "dump"
    # Full lines of uuencode, which are all but the last, begin with M.
    if line[0] == "M" and _UUENCODED.fullmatch(line) and _is_uuencoded(line):
        return "uuencode"
    if " " in line or len(line) < _DENSE_LENGTH or "://" in line or not line.isascii():
        return None
    return len(line) if len(set(line)) >= _DENSE_CHARACTERS else None


def _is_uuencoded(line: str) -> bool:
    """Return whether a line is as long as its first character says, but for spaces at its end."""
    count = (ord(line[0]) - 32) % 64
    length = 1 + -(-count // 3) * 4
    return length - 4 <= len(line) <= length + 1


def _runs(kinds: list[object]) -> Iterator[tuple[object, range]]:
    start = 0
    for kind, group in groupby(kinds):
        end = start + sum(1 for _ in group)
        yield kind, range(start, end)
        start = end


def _mark_yenc(lines: list[str], found: list[bool]) -> None:
    """Mark what stands between yEnc's first line and its last: any bytes."""
    inside = False
    for number, line in enumerate(lines):
        bare = _bare(line)
        inside = (inside or bare.startswith("=ybegin ")) and not bare.startswith("=yend")
        found[number] |= inside


def _without_armour(text: str) -> str:
    """Drop armoured blocks (RFC 4880, 6.2), and of a signed message all but its text.

    A block that does not end loses its first line only.
    """
    kept: list[str] = []
    lines = text.split("\n")
    ends = {
        number: found[2]
        for number, line in enumerate(lines)
        if (found := _ARMOUR.fullmatch(_bare(line))) and found[1] == "END"
    }
    following = iter(sorted(ends))
    end = next(following, -1)
    number = 0
    while number < len(lines):
        found = _ARMOUR.fullmatch(_bare(lines[number]))
        while end >= 0 and end < number:
            end = next(following, -1)
        if found is None:
            kept.append(lines[number])
        elif found[2] == _SIGNED:
            number = _end_of_armour_header(lines, number)
        elif found[1] == "BEGIN" and end >= 0:
            number = end
        number += 1
    return "\n".join(kept)


def _end_of_armour_header(lines: list[str], number: int) -> int:
    """Return the number of the last line of the fields, such as Hash, that follow a first line."""
    while number + 1 < len(lines) and re.match(r"[>| ]*[A-Z][A-Za-z]+: ", lines[number + 1]):
        number += 1
    return number
