"""What the operating system knows of the server's processes, read when it is scraped.

Nothing is stored, so that a worker that
died leaves no series.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from app.metrics import workers

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

# Linux's number; other systems do not know it, or answer it otherwise.
TCP_INFO = 11 if sys.platform == "linux" else -1
UNACKED = slice(24, 28)


class ProcessCollector:
    """Gunicorn's workers, their memory and CPU time, and the connections that wait for them."""

    def collect(self) -> Iterator[Metric]:
        running = workers.pids()
        yield GaugeMetricFamily("gunicorn_workers", "Workers that are running.", value=len(running))
        yield GaugeMetricFamily(
            "gunicorn_listen_backlog",
            "Connections that wait to be accepted by a worker.",
            value=backlog(),
        )
        # A process of gunicorn's own number is a worker; its parent is the one that started it.
        processes = running | {workers.MASTER: os.getppid()} if running else {}
        yield from _of_processes(processes)


def backlog() -> int:
    """Connections that the kernel accepted and no worker took up yet; 0 where it does not say."""
    return sum(map(waiting, workers.listeners()))


def waiting(listener: Any) -> int:
    """Connections in the queue of a listening socket; 0 where the kernel does not say.

    From TCP_INFO, whose fifth number, tcpi_unacked, is that of a listening socket: as cheap with
    many connections as with few, while /proc/net/tcp has a line for each.
    """
    with contextlib.suppress(OSError):  # no TCP, or closed by now
        reported = listener.getsockopt(socket.IPPROTO_TCP, TCP_INFO, UNACKED.stop)
        return int.from_bytes(reported[UNACKED], sys.byteorder)
    return 0


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used, in seconds. Raises OSError when it is gone."""
    # The name, second in the line, may hold spaces and brackets of its own.
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid: int) -> int:
    """Memory of a process, with all that it shares. Raises OSError when it is gone."""
    return int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE


def proportional_bytes(pid: int) -> int:
    """Memory of a process, with its part of what it shares. Raises OSError when it is gone.

    The sum over all processes is what the server really takes.
    """
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"the kernel does not show the proportional memory of process {pid}")


def _of_processes(processes: dict[str, int]) -> Iterator[Metric]:
    cpu = CounterMetricFamily(
        "gunicorn_process_cpu_seconds", "CPU time used, by worker.", labels=["worker"]
    )
    resident = GaugeMetricFamily(
        "gunicorn_process_resident_memory_bytes",
        "Memory, shared memory included in full, by worker.",
        labels=["worker"],
    )
    proportional = GaugeMetricFamily(
        "gunicorn_process_proportional_memory_bytes",
        "Memory, shared memory divided by those that share it, by worker.",
        labels=["worker"],
    )
    sources = ((cpu, cpu_seconds), (resident, resident_bytes), (proportional, proportional_bytes))
    for name, pid in processes.items():
        for family, read in sources:
            try:
                family.add_metric([name], read(pid))
            except OSError:  # it ended just now, or the kernel does not show it
                continue
    yield from (cpu, resident, proportional)
