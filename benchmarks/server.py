"""A server under measurement: started, watched and stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROC = Path("/proc")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
START_SECONDS = 90


class ServerError(Exception):
    """A server did not start."""


@dataclass(frozen=True)
class Server:
    """A running server: its port, its first process and the seconds it took to answer."""

    port: int
    pid: int
    start_seconds: float

    def cpu_seconds(self) -> float:
        """Processor time that the whole process tree has used so far, user and system."""
        return sum(map(cpu_seconds, tree(self.pid)))

    def proxy_seconds(self) -> float:
        """Processor time of what stands before the server: nothing."""
        return 0.0

    def pss_megabytes(self) -> float:
        """Memory of the whole tree, pages shared by processes split among them."""
        return sum(map(_pss_megabytes, tree(self.pid)))

    def pin(self, cpus: Sequence[int]) -> None:
        """Put the processes below the first one (gunicorn's workers) on these CPUs in turns.

        A server that is a single process is put on the first CPU.
        """
        for place, pid in enumerate(tree(self.pid)[1:] or [self.pid]):
            for thread in (PROC / str(pid) / "task").iterdir():
                os.sched_setaffinity(int(thread.name), {cpus[place % len(cpus)]})


@contextmanager
def running(
    command: Sequence[str],
    *,
    port: int,
    ready: str,
    env: dict[str, str] | None = None,
    log: Path | None = None,
    cwd: Path = ROOT,
) -> Iterator[Server]:
    """Start a server, wait until it answers GET `ready`, and stop it in the end.

    What it writes goes to the file `log`, where one is given. Raises ServerError, with what the
    server wrote, when it ends or does not answer in time.
    """
    with log.open("w+b") if log else tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=os.environ | (env or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            if not _answers(process, f"http://127.0.0.1:{port}{ready}"):
                output.seek(0)
                written = output.read().decode(errors="replace")[-2000:]
                raise ServerError(f"{' '.join(command)} does not answer {ready}: {written}")
            yield Server(port, process.pid, time.perf_counter() - started)
        finally:
            descendants = tree(process.pid)[1:]
            process.terminate()
            process.wait(timeout=60)
            # A server that leaves processes behind would slow down what is measured after it.
            for pid in descendants:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def tree(pid: int) -> list[int]:
    """A process and all that descend from it, those first that are nearest to it."""
    found = [pid]
    for parent in found:
        # Any thread may have started a process.
        with suppress(OSError):  # it ended just now
            for children in (PROC / str(parent) / "task").glob("*/children"):
                found += map(int, children.read_text().split())
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and of those that it started and that have ended.

    Raises OSError when it is gone.
    """
    # After the command's name, which may hold blanks, fields 14 to 17 of proc(5): utime, stime,
    # cutime and cstime.
    fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_SECOND


def machine_seconds() -> tuple[float, float]:
    """Processor time since the machine started: of all its processes, and kept from them.

    The second is what a hypervisor gave to other machines while a process of this one had work.
    """
    # proc(5): user, nice, system, idle, iowait, irq, softirq, steal.
    ticks = [int(field) for field in (PROC / "stat").read_text().split(maxsplit=9)[1:9]]
    return sum(ticks[:3]) / TICKS_PER_SECOND, ticks[7] / TICKS_PER_SECOND


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return True
        except OSError:
            time.sleep(0.02)
    return False


def _pss_megabytes(pid: int) -> float:
    lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
