"""Relatives of test texts among the training texts."""

from __future__ import annotations

import numpy as np

from evaluation.figures import InsideOutside
from evaluation.overlap import has_near_duplicate, measure, shares_thread

TEXT = "one two three four five six seven eight nine ten eleven twelve"


def test_threads_are_known_by_their_key() -> None:
    """A test text shares a thread when its key occurs among the training texts' keys."""
    assert shares_thread(["a", "b"], ["b", "c"]).tolist() == [True, False]


def test_near_duplicates_share_half_of_their_shingles() -> None:
    """Twelve words have 8 shingles: one changed at the end leaves 7 of 9, one amid 3 of 13."""
    end = TEXT.replace("twelve", "dozen")
    amid = TEXT.replace("six", "half-dozen")
    assert has_near_duplicate(["other", TEXT], [TEXT, end, amid]).tolist() == [True, True, False]


def test_short_texts_have_no_near_duplicate() -> None:
    """Four words make no shingle of five, not even for their own copy."""
    assert has_near_duplicate(["one two three four"], ["one two three four", ""]).tolist() == [
        False,
        False,
    ]


def test_accuracy_is_told_inside_and_outside() -> None:
    """Two of three inside are right and none of the one outside."""
    inside = np.array([True, True, True, False])
    result = measure(inside, {"text": np.array([True, True, False, False])})
    assert (result.examples, result.share) == (3, 0.75)
    assert result.accuracy == {"text": InsideOutside(2 / 3, 0.0)}


def test_an_empty_side_has_no_accuracy() -> None:
    """Without any relative the accuracy inside is None."""
    result = measure(np.array([False]), {"text": np.array([True])})
    assert result.accuracy == {"text": InsideOutside(None, 1.0)}
