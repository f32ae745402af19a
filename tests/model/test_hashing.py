"""Hashing and finding many terms at once, each step against plain Python."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.hashing import (
    BASE,
    MODULUS,
    NUL,
    SCALE,
    TABULATED,
    UNKNOWN,
    HashTable,
    code_points,
    hash_pairs,
    hash_strings,
    hash_substrings,
    hash_windows,
)

any_text = st.text(st.characters(exclude_categories=[]), max_size=40)


def by_definition(string: str) -> int:
    """The sum that the module's docstring states, in Python's own integers."""
    values = [SCALE * (ord(character) or NUL) for character in string]
    return sum(value * BASE**place for place, value in enumerate(values, 1)) % MODULUS


@given(any_text)
def test_code_points_are_those_of_the_text(text: str) -> None:
    """Every character has its code point, halves of surrogate pairs included, and NUL another."""
    assert code_points(text).tolist() == [ord(character) or NUL for character in text]


@given(st.lists(any_text, max_size=8))
def test_strings_have_the_hash_of_the_definition(strings: list[str]) -> None:
    """Hashing many strings at once gives each the hash that it is defined to have."""
    assert hash_strings(strings).tolist() == [by_definition(string) for string in strings]


@given(any_text, st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=8))
def test_substrings_have_the_hash_of_the_string(text: str, spans: list[tuple[int, int]]) -> None:
    """The hash does not depend on where in a text a substring stands."""
    spans = [(min(span), max(span)) for span in spans if max(span) <= len(text)]
    before, last = np.array(spans, dtype=np.intp).reshape(-1, 2).T
    found = hash_substrings(code_points(" " + text), before, last).tolist()
    assert found == [by_definition(text[start:end]) for start, end in spans]


def test_substrings_of_a_long_text_have_the_hash_of_the_string() -> None:
    """Where the powers are not tabulated the hashes are the same."""
    text = "ab" * (2 * TABULATED) + "word"
    before = np.array([0, TABULATED - 1, len(text) - 4])
    last = np.array([2, TABULATED + 1, len(text)])
    expected = [by_definition(word) for word in ("ab", text[TABULATED - 1 :][:2], "word")]
    assert hash_substrings(code_points(" " + text), before, last).tolist() == expected


@given(any_text, st.integers(1, 5), st.integers(0, 3))
def test_windows_are_all_substrings_of_their_size(text: str, low: int, more: int) -> None:
    """Each size has the hashes of its substrings in order, none where the text is shorter."""
    sizes = range(low, low + more)
    expected = [
        [by_definition(text[start : start + size]) for start in range(len(text) - size + 1)]
        for size in sizes
    ]
    found = hash_windows(code_points(" " + text), sizes)
    assert [hashes.tolist() for hashes in found] == expected


@given(st.lists(st.tuples(any_text, any_text), max_size=8))
def test_pairs_have_the_hash_of_the_joined_string(pairs: list[tuple[str, str]]) -> None:
    """The hash of two strings with a space between follows from their own."""
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    lengths = np.array(list(map(len, first)), dtype=np.intp)
    found = hash_pairs(hash_strings(first), lengths, hash_strings(second))
    assert found.tolist() == [by_definition(" ".join(pair)) for pair in pairs]


def test_a_null_character_counts() -> None:
    """Strings that differ by null characters at their end have different hashes."""
    assert len(set(hash_strings(["", "\0", "\0\0", "a", "a\0"]).tolist())) == 5


@pytest.mark.parametrize("count", [0, 1, 2, 3, 100, 10_000])
def test_table_numbers_what_it_holds(count: int) -> None:
    """Each hash has its number from 1, and everything else is unknown."""
    words = hash_strings([f"word{number}" for number in range(count)])
    table = HashTable(words)
    assert table.find(words).tolist() == list(range(1, count + 1))
    assert set(table.find(hash_strings([f"other{number}" for number in range(1000)]))) == {UNKNOWN}
    assert table.find(words[:0]).tolist() == []


def test_table_holds_the_words_of_one_character() -> None:
    """Short words, whose code points are near each other, have places enough."""
    words = hash_strings([chr(code) for code in range(0x4E00, 0x9FFF)])
    assert HashTable(words).find(words).tolist() == list(range(1, len(words) + 1))


def test_table_holds_zero() -> None:
    """The hash of the empty string, 0, is like any other, though empty places hold 0, too."""
    zero = hash_strings([""])
    assert zero.tolist() == [0]
    assert HashTable(zero).find(zero).tolist() == [1]
    assert HashTable(hash_strings(["word"])).find(zero).tolist() == [UNKNOWN]


def test_equal_hashes_are_rejected() -> None:
    """A table cannot distinguish two terms of one hash, and says so instead of mixing them up."""
    with pytest.raises(ValueError, match="two terms have the same hash"):
        HashTable(hash_strings(["salt", "bread", "salt"]))


def test_a_table_that_cannot_be_built_is_rejected() -> None:
    """Hashes that all want the same places end the building instead of filling the memory."""
    same_places = np.arange(5, dtype=np.uint64)
    with pytest.raises(ValueError, match="no table holds"):
        HashTable(same_places, second=1)


def test_every_process_draws_its_own_base() -> None:
    """Nobody can know which words share a hash in a running service."""
    command = [sys.executable, "-c", "from model.hashing import BASE; print(BASE)"]
    drawn = {subprocess.run(command, check=True, capture_output=True).stdout for _ in range(2)}
    assert len(drawn) == 2
