"""A number that is shared by a file: counted exactly, taken over, read by prometheus_client."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from app.metrics import mmap_value
from app.metrics.mmap_value import MmapValue


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of counts, used by a process that did not begin to count yet."""
    become_another_process(monkeypatch)
    monkeypatch.setattr(mmap_value, "_directory", tmp_path)
    yield tmp_path
    become_another_process(monkeypatch)


def become_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this process has open, as one that starts knows nothing of another's."""
    for file in mmap_value._files.values():
        # The values' views keep the mapping itself open for as long as they live.
        file._f.close()
    monkeypatch.setattr(mmap_value, "_files", {})
    monkeypatch.setattr(mmap_value, "_values", weakref.WeakSet())
    monkeypatch.setattr(mmap_value, "_owner", None)


def counter(label: str = "a") -> MmapValue:
    """A series of the counter `things`."""
    return MmapValue("counter", "things", "things_total", ["kind"], [label], "Things.")


def collected(directory: Path) -> dict[str, float | None]:
    """What a scrape finds in the folder, by the series' label."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(directory))  # type: ignore[no-untyped-call]
    return {
        label: registry.get_sample_value("things_total", {"kind": label}) for label in ("a", "b")
    }


def test_increments_are_seen_by_a_scrape(directory: Path) -> None:
    """A value made before or after its process began to count is in the file at once."""
    early = counter("a")
    mmap_value.begin("1")
    late = counter("b")
    assert collected(directory) == {"a": 0, "b": 0}
    early.inc(1)
    early.inc(2)
    late.inc(0.5)
    assert collected(directory) == {"a": 3, "b": 0.5}


def test_workers_are_added_up(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each number has a file of its own, and a scrape sums them."""
    for number in ("1", "2"):
        become_another_process(monkeypatch)
        mmap_value.begin(number)
        counter().inc(5)
    assert collected(directory)["a"] == 10
    assert len(list(directory.iterdir())) == 2


def test_successor_goes_on_counting(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes over a number starts from what its predecessor counted."""
    mmap_value.begin("1")
    counter().inc(7)
    become_another_process(monkeypatch)
    mmap_value.begin("1")
    successor = counter()
    assert successor.get() == 7
    successor.inc(1)
    assert collected(directory)["a"] == 8


def test_value_outlives_the_growth_of_its_file(directory: Path) -> None:
    """When later series make the file grow, the earlier ones are still counted in it."""
    mmap_value.begin("1")
    first = counter("a")
    (file,) = directory.iterdir()
    size = file.stat().st_size
    others = [counter(str(n)) for n in range(1_000)]
    assert file.stat().st_size > size
    first.inc(1)
    others[-1].inc(1)
    assert collected(directory)["a"] == 1


def test_gauges_are_kept_by_their_way_of_adding_up(directory: Path) -> None:
    """The file's name shows a scrape how a gauge is put together."""
    mmap_value.begin("1")
    gauge = MmapValue("gauge", "g", "g", [], [], "G.", multiprocess_mode="livesum")
    gauge.set(3)
    gauge.inc(-1)
    assert gauge.get() == 2
    assert [path.name for path in directory.iterdir()] == ["gauge_livesum_1.db"]
