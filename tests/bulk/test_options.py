"""What may be asked for together, and which part of a file is which."""

from __future__ import annotations

from typing import Any

import pytest

from bulk.options import Options, Shard, parse_shard
from model.errors import BulkError


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"label_field": "text"}, "another field"),
        ({"label_field": ""}, "another field"),
        ({"label_field": "scores", "scores": True}, "another field"),
        ({"label_field": "explanation", "explain": 1}, "another field"),
        ({"evaluate": True}, "--label-field another"),
        ({"evaluate": True, "label_field": "p", "format": "text"}, "plain lines"),
        ({"explain": -1}, "0 to 1000"),
        ({"explain": 1001}, "0 to 1000"),
    ],
)
def test_contradictions_are_refused(options: dict[str, Any], said: str) -> None:
    """Options that would lose a field or cannot be met end in one sentence."""
    with pytest.raises(BulkError, match=said):
        Options(**{"format": "jsonl"} | options).check()


def test_fields_that_are_not_asked_for_are_free() -> None:
    """The label may be called scores where no scores are added."""
    Options("jsonl", label_field="scores").check()


@pytest.mark.parametrize("size", [0, 1, 7, 1000, 10**12 + 1])
@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_shards_are_a_partition(size: int, count: int) -> None:
    """Each part begins where the one before ends, the first at 0 and the last up to the end."""
    bounds = [Shard(index, count).bounds(size) for index in range(count)]
    assert [begin for begin, _ in bounds] == [0, *(end for _, end in bounds[:-1])]
    assert bounds[-1][1] == size


@pytest.mark.parametrize(
    "text", ["3/3", "1", "0/0", "-1/3", "a/b", "1/3 ", "\u0661/\u0663", "1/3/4"]
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    """Anything but I/N with I below N ends in one sentence that shows the form."""
    with pytest.raises(BulkError, match="I/N with I from 0"):
        parse_shard(text)


def test_shard_is_read() -> None:
    """The first part is 0."""
    assert parse_shard("0/3") == Shard(0, 3)
