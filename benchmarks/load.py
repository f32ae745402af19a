"""Load on a server: closed-loop by wrk, open-loop at a fixed rate by a few plain connections.

May import nothing of ours.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

SCRIPT = Path(__file__).with_name("posts.lua")


class LoadError(Exception):
    """The load could not be made, or a request was not answered as it should be."""


class Load(msgspec.Struct, frozen=True):
    """What a load generator saw: times are of whole requests, in microseconds."""

    requests: int
    seconds: float
    errors: int
    p50_us: float
    p99_us: float

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds


def closed_loop(
    port: int, path: str, bodies: Path, *, seconds: int, connections: int, cpu: int | None = None
) -> Load:
    """Keep each of the connections busy for some seconds: as many requests as the server can take.

    `bodies` holds one request body a line. Raises LoadError when wrk is missing, fails, or any
    request does.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += ["-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--", str(bodies), path]
    if cpu is not None:
        command = ["taskset", "-c", str(cpu), *command]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise LoadError("wrk is not installed: on Debian and Ubuntu `apt install wrk`") from None
    except subprocess.CalledProcessError as error:
        raise LoadError(f"wrk failed: {error.stderr or error.stdout}") from None
    result = next(line for line in done.stdout.splitlines() if line.startswith("result "))
    return _without_errors(msgspec.json.decode(result.removeprefix("result "), type=Load))


def open_loop(port: int, path: str, bodies: Sequence[bytes], *, rate: float, seconds: int) -> Load:
    """Send requests at a fixed rate, whatever the server does, timed from when they are due.

    Timing from the due moment counts the waiting that a slow answer causes to those behind it.
    Raises LoadError when any request fails.
    """
    connections = 16
    due = time.perf_counter() + 0.2 + np.arange(int(rate * seconds)) / rate
    late = np.full(len(due), np.nan)
    threads = [
        threading.Thread(target=_send, args=(port, path, bodies, due, late, first, connections))
        for first in range(connections)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answered = late[~np.isnan(late)] * 1e6
    p50, p99 = np.percentile(answered, [50, 99]) if len(answered) else (np.nan, np.nan)
    errors = len(late) - len(answered)
    return _without_errors(Load(len(late), seconds, errors, float(p50), float(p99)))


def _send(
    port: int,
    path: str,
    bodies: Sequence[bytes],
    due: np.ndarray,
    late: np.ndarray,
    first: int,
    step: int,
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for number in range(first, len(due), step):
        time.sleep(max(0.0, due[number] - time.perf_counter()))
        connection.request("POST", path, bodies[number % len(bodies)])
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            late[number] = time.perf_counter() - due[number]
    connection.close()


def _without_errors(load: Load) -> Load:
    if load.errors:
        raise LoadError(f"{load.errors} of {load.requests} requests failed")
    return load


def write_bodies(path: Path, bodies: Sequence[object]) -> None:
    """Write request bodies as wrk's script reads them, one JSON value a line."""
    path.write_text("".join(json.dumps(body) + "\n" for body in bodies))
