"""A server under measurement: started, watched and stopped.

May import nothing of ours.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


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
        return sum(map(_cpu_seconds, self.pids()))

    def pids(self) -> list[int]:
        """The first process and its children."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]

    def pss_megabytes(self) -> list[float]:
        """Proportional share of memory of each process: shared pages are split among sharers."""
        return [_pss_megabytes(pid) for pid in self.pids()]


@contextmanager
def running(
    command: Sequence[str], *, port: int, ready: str, env: dict[str, str] | None = None
) -> Iterator[Server]:
    """Start a server, wait until it answers GET `ready`, and stop it in the end.

    Raises ServerError, with what the server wrote, when it ends or does not answer in 60 s.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | (env or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}")
        yield Server(port, process.pid, time.perf_counter() - started)
    finally:
        process.terminate()
        process.communicate(timeout=60)


def gunicorn(
    *options: str, workers: int = 1, ready: str = "/readyz"
) -> AbstractContextManager[Server]:
    """Start gunicorn with the service's own settings file and these options on top."""
    port = free_port()
    env = {"TEXTCLF_HOST": "127.0.0.1", "TEXTCLF_PORT": str(port), "TEXTCLF_WORKERS": str(workers)}
    command = [sys.executable, "-m", "gunicorn", *options]
    return running(command, port=port, ready=ready, env=env)


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.02)
    process.terminate()
    written = process.communicate()[0].decode(errors="replace")
    raise ServerError(f"the server does not answer {url}: {written[-2000:]}")


def _cpu_seconds(pid: int) -> float:
    # After the command's name, which may hold blanks: utime and stime are fields 14 and 15.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def _pss_megabytes(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024
