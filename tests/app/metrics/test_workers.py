"""The numbers of gunicorn's workers: given, reused, and found again with their process ids."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from app.metrics import workers


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shared folder."""
    monkeypatch.setenv(workers.DIRECTORY, str(tmp_path))
    return tmp_path


def worker(number: str | None = None) -> SimpleNamespace:
    """A worker as gunicorn's hooks get it."""
    return SimpleNamespace(number=number, pid=1)


def test_lowest_free_number_is_given() -> None:
    """A number whose worker ended is given again before a new one is."""
    new = worker()
    workers.number(new, [worker("1"), worker("3")])
    assert new.number == "2"


def test_files_are_whole_before_they_can_be_read(directory: Path) -> None:
    """Each file has its full size, on the disk and not only by name, from the moment it exists."""
    workers.number(worker(), [])
    sizes = {path.stem: path.stat() for path in directory.glob("*.db")}
    assert {name: size.st_size for name, size in sizes.items()} == {
        f"{kind}_1": size for kind, size in workers.FILES.items()
    }
    assert all(size.st_blocks * 512 >= size.st_size for size in sizes.values())
    assert list(directory.glob("*.new")) == []


def test_counts_of_a_predecessor_are_kept(directory: Path) -> None:
    """A file that exists is taken over as it is; what was under way is forgotten."""
    workers.number(worker(), [])
    (directory / "counter_1.db").write_bytes(b"counts")
    workers.end(worker("1"))
    assert not (directory / "gauge_livesum_1.db").exists()
    workers.number(worker(), [])
    assert (directory / "counter_1.db").read_bytes() == b"counts"
    assert (directory / "gauge_livesum_1.db").exists()


def test_running_workers_are_known_by_number(directory: Path) -> None:
    """Process ids are found by number for as long as the worker runs."""
    (directory / "2.pid").write_text("22")
    (directory / "1.pid").write_text("11")
    assert workers.pids() == {"1": 11, "2": 22}
    workers.end(worker("1"))
    assert workers.pids() == {"2": 22}


def test_nothing_is_shared_outside_of_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that no server set up keeps its counts to itself and knows of no workers."""
    monkeypatch.delenv(workers.DIRECTORY)
    assert workers.shared_directory() is None
    assert workers.pids() == {}
