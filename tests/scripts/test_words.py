"""Roundabout words are named, with the common ones."""

from __future__ import annotations

import pytest

from scripts.check_words import findings


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("Slow, hence rare.", "hence"),
        ("It TELLS the label.", "TELLS"),
        ("a text of our own", "of our own"),
        ("May import nothing of ours.", "of ours"),
        ("read it anew", "anew"),
    ],
)
def test_word_is_named_with_its_line(line: str, word: str) -> None:
    """The finding has file, line and word."""
    found = findings(f"fine\n{line}\n", "a.py")
    assert any(one.startswith("a.py:2: write ") and repr(word) in one for one in found)


@pytest.mark.parametrize("line", ["file.tell()", "the amendment", "thence", "renewed", "intellect"])
def test_other_words_are_left_alone(line: str) -> None:
    """Words that contain one, and the method of files, are no findings."""
    assert findings(line, "a.py") == []
