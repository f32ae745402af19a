"""Figures of the server's processes, compared with what this process knows of itself."""

from __future__ import annotations

import os
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.metrics import processes, workers

COMM = Path("/proc/self/comm")
GONE = 2**22 + 1
"""Above the highest process id that Linux gives."""


@pytest.fixture
def odd_name() -> Iterator[None]:
    """Give this process a name that looks like the fields which follow it."""
    before = COMM.read_text()
    COMM.write_text("a) S 1 (b")
    yield
    COMM.write_text(before)


def burn(seconds: float) -> None:
    """Use CPU time."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


@pytest.mark.usefixtures("odd_name")
def test_cpu_time_is_in_seconds_whatever_the_name() -> None:
    """The figure lies between two readings of the process's own clock, give or take a tick."""
    burn(0.1)
    before = time.process_time()
    found = processes.cpu_seconds(os.getpid())
    assert before - 0.05 <= found <= time.process_time() + 0.05


def test_memory_is_in_bytes() -> None:
    """Resident memory is below the process's peak; its proportional part is not above it."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    resident = processes.resident_bytes(os.getpid())
    assert peak / 10 < resident <= peak * 1.1
    assert peak / 20 < processes.proportional_bytes(os.getpid()) <= resident * 1.1


@pytest.mark.parametrize(
    "read", [processes.cpu_seconds, processes.resident_bytes, processes.proportional_bytes]
)
def test_a_process_that_is_gone_is_an_os_error(read: object) -> None:
    """The caller can pass over a process that ended since it was listed."""
    with pytest.raises(OSError, match="No such file"):
        read(GONE)  # type: ignore[operator]


def test_processes_that_ended_leave_no_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that died between listing and reading is counted, without figures."""
    monkeypatch.setenv(workers.DIRECTORY, str(tmp_path))
    (tmp_path / "1.pid").write_text(str(os.getpid()))
    (tmp_path / "2.pid").write_text(str(GONE))
    samples = [
        (sample.name, sample.labels.get("worker"))
        for metric in processes.ProcessCollector().collect()
        for sample in metric.samples
    ]
    named = {worker for name, worker in samples if name.endswith("cpu_seconds_total")}
    assert named == {"1", workers.MASTER}


def test_backlog_counts_connections_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that nobody accepted yet are counted, of all listeners together."""
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        # Gunicorn wraps its sockets.
        worker = SimpleNamespace(sockets=[SimpleNamespace(sock=one), other])
        monkeypatch.setattr(workers, "_this", worker)
        assert processes.backlog() == 0
        waiting = [socket.create_connection(("127.0.0.1", one.getsockname()[1])) for _ in range(3)]
        waiting.append(socket.create_connection(("127.0.0.1", other.getsockname()[1])))
        assert processes.backlog() == 4
        for each in waiting:
            each.close()


def test_backlog_is_nothing_where_it_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that is closed, as a worker's is when it ends, does not fail the scrape."""
    closed = socket.socket()
    closed.close()
    monkeypatch.setattr(workers, "_this", SimpleNamespace(sockets=[closed]))
    assert processes.backlog() == 0
    monkeypatch.setattr(workers, "_this", None)
    assert processes.backlog() == 0
