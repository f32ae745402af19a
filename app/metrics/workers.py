"""Gunicorn's workers as the metrics know them: by a small number that is reused once it is free.

The counts of a process live in files that are named after it. Named by process id, as
prometheus_client does by default, they would pile up for as long as workers die and are replaced.
Named by number, the successor of a dead worker goes on counting where it stopped: counts never
fall, not even by a SIGKILL, and there are never more files and series than workers that lived at
one time.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from functools import cache
from pathlib import Path
from socket import socket
from typing import Any

from prometheus_client import values
from prometheus_flask_exporter.multiprocess import GunicornPrometheusMetrics

from app.metrics import mmap_value
from app.metrics.mmap_value import MmapValue

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
MASTER = "master"

# What a worker's counters, histograms and live gauges take, written out before it starts: a file
# that is still being made could not be read, and one with holes cannot grow on a full disk.
FILES = {"counter": 1 << 15, "histogram": 1 << 17, "gauge_livesum": 1 << 12}
ROOM = 2 * sum(FILES.values())
"""Bytes that a worker takes, with those of the one that replaces it at a reload."""

_this: Any = None
"""Gunicorn's worker that this process is."""


@cache
def share_counts(directory: Path) -> None:
    """Keep the counts of the metrics made from now on in this folder."""
    os.environ[DIRECTORY] = str(directory)
    mmap_value.use(directory)
    values.ValueClass = MmapValue


def shared_directory() -> Path | None:
    """Where the counts are shared; None in a process that keeps its counts to itself."""
    path = os.environ.get(DIRECTORY)
    return Path(path) if path else None


def number(worker: Any, others: list[Any]) -> None:
    """Give a worker that is about to be forked the lowest free number, and make its files.

    Raises OSError when they cannot be made.
    """
    taken = {other.number for other in others}
    worker.number = next(n for n in map(str, itertools.count(1)) if n not in taken)
    for kind, size in FILES.items():
        path = Path(os.environ[DIRECTORY], f"{kind}_{worker.number}.db")
        if not path.exists():
            made = path.with_suffix(".new")
            with made.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, size)
            made.rename(path)


def begin(worker: Any) -> None:
    """Count as this worker from now on: to be called in the forked process."""
    mmap_value.begin(worker.number)
    global _this
    _this = worker
    made = _pid_file(worker.number).with_suffix(".new")
    made.write_text(str(worker.pid))
    made.rename(_pid_file(worker.number))


def end(worker: Any) -> None:
    """Forget what a worker that ended had under way; its counts stay."""
    GunicornPrometheusMetrics.mark_process_dead_on_child_exit(worker.number)
    _pid_file(worker.number).unlink(missing_ok=True)


def listeners() -> list[socket]:
    """The sockets that this worker accepts connections from; none in any other process."""
    # None is duplicated, or it would go on listening after the worker stopped.
    sockets = _this.sockets if _this else []
    return [getattr(each, "sock", each) for each in sockets]


def pids() -> dict[str, int]:
    """Process ids of the running workers by number; none in a process without a shared folder."""
    directory = shared_directory()
    found = {}
    for path in sorted(directory.glob("*.pid")) if directory else []:
        with contextlib.suppress(FileNotFoundError):  # it ended just now
            found[path.stem] = int(path.read_text())
    return found


def _pid_file(number: str) -> Path:
    return Path(os.environ[DIRECTORY], f"{number}.pid")
