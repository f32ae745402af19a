"""Items fetched before they are asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from bulk.readahead import Readahead


def test_all_items_come_in_order() -> None:
    """However many are taken at a time, none is lost and the end is shown by taking none."""
    ahead = Readahead(iter(range(100)), 7)
    taken = []
    while window := ahead.take(5):
        assert len(window) <= 5
        taken += window
    assert taken == list(range(100))
    assert ahead.take(5) == []


def test_no_more_than_allowed_is_read_ahead() -> None:
    """Reading waits until what was read is taken."""
    read = []
    items = (read.append(number) or number for number in range(100))
    ahead = Readahead(items, 3)
    time.sleep(0.3)
    assert len(read) <= 5
    ahead.close()


def test_error_comes_after_the_items_before_it() -> None:
    """What was read is handed out first; then the reader's error is raised."""

    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    ahead = Readahead(failing(), 3)
    assert ahead.take(2) == [1]
    with pytest.raises(ValueError, match="no more"):
        ahead.take(2)


def test_closing_ends_the_thread() -> None:
    """Nothing goes on reading for nobody."""
    before = threading.active_count()
    ahead = Readahead(iter(range(10**9)), 3)
    ahead.take(1)
    ahead.close()
    deadline = time.monotonic() + 30
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before
