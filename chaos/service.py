"""The service itself, started for a trial and spoken to byte by byte.

May import the benchmarks' server of ours.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.server import ROOT, Server, free_port, running, tree

HOST = "127.0.0.1"
LONGEST_ANSWER = 64 * 2**20


@dataclass(frozen=True)
class Service:
    """A service that runs: its server, and the file that its log goes to."""

    server: Server
    log_file: Path

    @property
    def port(self) -> int:
        """Where it listens, on the loopback interface."""
        return self.server.port

    @property
    def log(self) -> str:
        """All that it has logged so far."""
        return self.log_file.read_text()

    def workers(self) -> list[int]:
        """Process ids of its workers."""
        return sorted(tree(self.server.pid)[1:])


@contextmanager
def service(**settings: object) -> Iterator[Service]:
    """Run the service with some of its settings, others by default, and stop it in the end.

    Raises ServerError when it does not start.
    """
    port = free_port()
    with TemporaryDirectory() as folder:
        log = Path(folder, "log")
        env = variables(port=port, **({"workers": 2, "graceful_timeout": 1} | settings))
        with running(COMMAND, port=port, ready="/readyz", env=env, log=log) as server:
            yield Service(server, log)


COMMAND = [sys.executable, "-m", "gunicorn"]


def variables(**settings: object) -> dict[str, str]:
    """The environment variables of settings, on the loopback interface."""
    return {f"TEXTCLF_{name.upper()}": str(value) for name, value in _local(settings).items()}


def _local(settings: dict[str, object]) -> dict[str, object]:
    return {"host": HOST} | settings


def failing_start(**settings: object) -> tuple[int, str, float]:
    """Start a service that must not start: its exit code, all that it said, and the seconds taken.

    Raises subprocess.TimeoutExpired when it is still running after a minute.
    """
    started = time.perf_counter()
    done = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=os.environ | variables(**settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, time.perf_counter() - started


def connect(port: int, *, receive_buffer: int = 0) -> socket.socket:
    """Open a connection; a small receive buffer lets a client that does not read fill it soon."""
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(30)
    connection.connect((HOST, port))
    return connection


def exchange(port: int, request: bytes, *, seconds: float = 10) -> tuple[bytes, bool]:
    """Send bytes as they are on a connection of their own, and read until it is closed.

    Returns what was answered, and whether the server closed the connection in time.
    """
    deadline = time.monotonic() + seconds
    received = bytearray()
    with connect(port) as connection:
        try:
            connection.sendall(request)
            while (left := deadline - time.monotonic()) > 0:
                connection.settimeout(left)
                part = connection.recv(65_536)
                if not part:
                    return bytes(received), True
                received += part
        except TimeoutError:
            return bytes(received), False
        except ConnectionError:
            return bytes(received), True
    return bytes(received), False


def post(path: str, body: bytes, *headers: str) -> bytes:
    """A whole request with a Content-Length, after which the connection is to be closed."""
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body


def status(answer: bytes) -> int:
    """The status of an answer; 0 when there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; tell whether it came to hold in time."""
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held
