"""Hash every term of many texts at once, and find known hashes in a table: all of it in arrays.

The hash of a string of the code points c_1 ... c_m is, modulo 2^64 and with B odd,

    H(c_1 ... c_m) = v(c_1) * B + v(c_2) * B^2 + ... + v(c_m) * B^m.

To hash many terms without making a string of any, join the texts to one long string c_0 c_1 ...
and take its prefix sums P(i) = v(c_0) + v(c_1) * B + ... + v(c_i) * B^i. Then the term that begins
after position i and ends with position e has the hash

    H(c_{i+1} ... c_e) = (P(e) - P(i)) * B^-i,

because an odd number has an inverse modulo 2^64. That is one subtraction and one multiplication,
however long the term, and does not depend on where it stands. Terms joined to a longer one follow
from H(xy) = H(x) + B^|x| * H(y). Unsigned integers of NumPy wrap, so they compute modulo 2^64.

Two strings may share a hash. `HashTable` rejects a vocabulary in which two terms do, so a known
term is never taken for another one; an unknown term is taken for a known one in about one of
2^64 / len(vocabulary) cases. Every process draws its own B: whoever knew it could write words
that share the hash of a known one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Codes = NDArray[np.uint8] | NDArray[np.uint32]
Indices = NDArray[np.intp]

MODULUS = 1 << 64
BASE = secrets.randbits(61) << 3 | 5
"""B: its powers are all different up to B^(2^62), because it leaves 5 when divided by 8."""
SCALE = 0xD1342543DE82EF95
"""v(c) is SCALE times the code point, so that short terms have hashes far apart, too."""
NUL = 0x110000
"""Stands for the code point 0: with v = 0, "a" and "a\\0" would have one hash."""
TABULATED = 1 << 17
"""Powers that are kept, 1 MB of each kind; those of longer strings are computed for each."""

UNKNOWN = 0
"""The number that `HashTable.find` gives to every hash that is not in the table."""
SECOND = 0xDA942042E4DD58B5
"""An odd factor that gives each hash its second place in the table."""
FULL = 0.4
"""Share of a table's places that may be taken; near one half, no arrangement may be found."""
ROUNDS = 500
TRIES = 3
"""Sizes of a table that are tried, each twice the one before."""


def _geometric(first: int, ratio: int, count: int) -> Hashes:
    """first, first * ratio, first * ratio^2 ... modulo 2^64, `count` of them."""
    factors = np.full(count, ratio % MODULUS, dtype=np.uint64)
    factors[0] = first
    return np.multiply.accumulate(factors)


_INVERSE = pow(BASE, -1, MODULUS)
_UNSCALE = np.uint64(pow(SCALE, -1, MODULUS))
# SCALE * B^i and B^-i.
_POWERS = _geometric(SCALE, BASE, TABULATED)
_INVERSES = _geometric(1, _INVERSE, TABULATED)


def _extended(tabulated: Hashes, ratio: int, count: int) -> Hashes:
    """At least `count` terms of the geometric sequence that begins with the tabulated ones."""
    if count <= TABULATED:
        return tabulated
    steps = _geometric(1, pow(ratio, TABULATED, MODULUS), -(-count // TABULATED))
    return np.multiply.outer(steps, tabulated).ravel()


def code_points(text: str) -> Codes:
    """The code points of a text, [len(text)]; `NUL` for 0."""
    if text.isascii() and "\0" not in text:
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return np.where(codes == 0, np.uint32(NUL), codes)


def _prefix_sums(codes: Codes) -> Hashes:
    """SCALE * P(i) for each position of a string, [n]."""
    sums: Hashes = codes * _extended(_POWERS, BASE, len(codes))[: len(codes)]
    np.add.accumulate(sums, out=sums)
    return sums


def hash_substrings(codes: Codes, before: Indices, last: Indices) -> Hashes:
    """The hashes of the substrings that follow the positions `before` and end with `last`.

    The string must begin with a character that belongs to no substring.
    """
    sums = _prefix_sums(codes)
    hashes = sums[last]
    hashes -= sums[before]
    hashes *= _extended(_INVERSES, _INVERSE, len(codes))[before]
    return hashes


def hash_windows(codes: Codes, sizes: range) -> list[Hashes]:
    """The hashes of all substrings of each of some sizes, [len(codes) - size] for each.

    The string must begin with a character that belongs to no substring.
    """
    sums = _prefix_sums(codes)
    inverses = _extended(_INVERSES, _INVERSE, len(codes))
    found = []
    for size in sizes:
        hashes = sums[size:] - sums[: max(0, len(codes) - size)]
        hashes *= inverses[: len(hashes)]
        found.append(hashes)
    return found


def hash_strings(strings: Sequence[str]) -> Hashes:
    """The hashes of whole strings, [n]."""
    ends = np.cumsum([0, *map(len, strings)])
    return hash_substrings(code_points(" " + "".join(strings)), ends[:-1], ends[1:])


def hash_pairs(first: Hashes, lengths: Indices, second: Hashes) -> Hashes:
    """The hashes of pairs of strings with a space between, [n]; `lengths` are the first ones'."""
    powers = _extended(_POWERS, BASE, int(lengths.max(initial=0)) + 2)
    hashes = second * _UNSCALE
    hashes += np.uint64(ord(" "))
    hashes *= powers[lengths + 1]
    hashes += first
    return hashes


class HashTable:
    """The numbers 1, 2, ... of the hashes that it was made of. Immutable.

    A cuckoo table: every hash has two places and is in one of them (Pagh and Rodler, "Cuckoo
    Hashing", 2004), so that looking up many is a fixed number of array operations.
    """

    def __init__(self, hashes: Hashes, second: int = SECOND) -> None:
        """Raises ValueError when two of the hashes are equal or no table can be built."""
        if len(np.unique(hashes)) != len(hashes):
            raise ValueError("two terms have the same hash")
        self._second = np.uint64(second)
        fewest = max(1, int(len(hashes) / FULL).bit_length())
        for bits in range(fewest, fewest + TRIES):
            self._shift = np.uint64(64 - bits)
            numbers = self._arranged(hashes, 1 << bits)
            if numbers is not None:
                break
        else:
            raise ValueError("no table holds their hashes")
        self._numbers = numbers
        self._hashes = np.append(np.uint64(0), hashes)[numbers]

    def find(self, hashes: Hashes) -> NDArray[np.int32]:
        """The number of each hash, `UNKNOWN` for those that are not in the table."""
        places = self._first_places(hashes)
        is_there = self._hashes.take(places) == hashes
        # What is not in its first place may be in its second.
        others = (~is_there).nonzero()[0]
        wanted = hashes.take(others)
        second = self._second_places(wanted)
        is_there[others] = self._hashes.take(second) == wanted
        places[others] = second
        found = self._numbers.take(places)
        found *= is_there
        return found

    def _first_places(self, hashes: Hashes) -> Indices:
        # The high bits, because the low ones hardly depend on the order of the characters.
        return (hashes >> self._shift).view(np.intp)

    def _second_places(self, hashes: Hashes) -> Indices:
        return self._first_places(hashes * self._second)

    def _arranged(self, hashes: Hashes, size: int) -> NDArray[np.int32] | None:
        """The number of the hash in each place, 0 for none; None when no arrangement is found."""
        places = np.stack([self._first_places(hashes), self._second_places(hashes)])
        choice = np.zeros(len(hashes), dtype=np.intp)
        held = np.full(size, -1)
        waiting = np.arange(len(hashes))
        for _ in range(ROUNDS):
            wanted = places[choice[waiting], waiting]
            driven_out = held[wanted]
            held[wanted] = waiting
            # Of several that want one place the last has it; the others try their second place.
            beaten = waiting[held[wanted] != waiting]
            waiting = np.unique(np.append(beaten, driven_out[driven_out >= 0]))
            if not len(waiting):
                return (held + 1).astype(np.int32)
            choice[waiting] ^= 1
        return None
