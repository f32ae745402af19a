"""Labelling in bulk, measured on a small file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import bulk
from benchmarks.bulk import Bulk, Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Posts made of two texts."""
    (tmp_path / "train.jsonl").write_text(
        '{"text":"Bake the bread.","label":"a"}\n{"text":"Reef the sail.","label":"b"}\n'
    )
    return Files(tmp_path, tmp_path, 3000)


def test_posts_are_distinct(files: Files) -> None:
    """However often a text is repeated, no two posts are equal; the tenth is the first of them."""
    rows = [json.loads(line) for line in files.whole.read_bytes().splitlines()]
    assert len({row["text"] for row in rows}) == len(rows) == 3000
    assert files.whole.read_bytes().startswith(files.tenth.read_bytes())
    assert files.tenth.read_bytes().count(b"\n") == 300


def test_a_run_is_measured(files: Files) -> None:
    """All posts are labelled meanwhile, and time is that of the whole command."""
    found = bulk.measure(files, 1)
    labelled = (files.folder / "labelled.jsonl").read_bytes().splitlines()
    assert found.posts == len(labelled) == 3000
    assert found.seconds > 0
    assert all(20 < megabytes < 2000 for megabytes in found.pss_mb)


def test_reaches_are_ratios_of_what_was_measured() -> None:
    """Each ratio is made of the figures that its name says."""
    one = Bulk(10, rate=100.0, cpu_us=50.0, seconds=1.0, pss_mb=[])
    two = Bulk(10, rate=190.0, cpu_us=40.0, seconds=1.0, pss_mb=[])
    assert [reach.value for reach in bulk.reaches([one, two], 30.0)] == [1.9, 2.5, 0.75]


def test_every_run_has_its_line() -> None:
    """Rate, cost and memory at each stage are shown."""
    run = Bulk(1000, rate=100.4, cpu_us=50.0, seconds=9.6, pss_mb=[1.0, 2.0, 3.0])
    _, line = bulk.as_text([run, run])
    assert "1,000 posts, 2 at a time: 100 posts/s, 50 CPU-us" in line
    assert "10%: 1, 50%: 2, 90%: 3" in line
