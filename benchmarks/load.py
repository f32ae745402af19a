"""Load on a server: closed-loop by wrk, open-loop at a fixed rate by a few plain connections.

May import nothing of ours.
"""

from __future__ import annotations

import http.client
import resource
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

SCRIPT = Path(__file__).with_name("posts.lua")
OPEN_CONNECTIONS = 16
HEADERS = {"Content-Type": "application/json"}

Floats = NDArray[np.float64]


class LoadError(Exception):
    """The load could not be made, or a request was not answered as it should be."""


class Load(msgspec.Struct, frozen=True):
    """What a closed loop saw: times are of whole requests, in microseconds."""

    requests: int
    seconds: float
    errors: int
    p50_us: float
    p99_us: float
    generator_seconds: float = 0.0
    """Processor time of the load generator itself."""

    @property
    def rate(self) -> float:
        """Requests answered a second."""
        return self.requests / self.seconds


def closed_loop(
    port: int, path: str, bodies: Path, *, seconds: int, connections: int, cpus: Sequence[int]
) -> Load:
    """Keep each of the connections busy for some seconds: as many requests as the server can take.

    `bodies` holds one request body a line; the generator stays on `cpus`. Raises LoadError when wrk
    is missing, fails, or any request does.
    """
    command = ["taskset", "-c", ",".join(map(str, cpus))]
    command += ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    command += ["-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--", str(bodies), path]
    before = _children_seconds()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise LoadError(f"{error.filename} is not installed: see docs/scaling.md") from None
    except subprocess.CalledProcessError as error:
        raise LoadError(f"wrk failed: {error.stderr or error.stdout}") from None
    return parse(done.stdout, _children_seconds() - before)


def parse(output: str, generator_seconds: float) -> Load:
    """Read what wrk printed; raises LoadError when any request failed, or nothing was printed."""
    lines = [line for line in output.splitlines() if line.startswith("result ")]
    if not lines:
        raise LoadError(f"wrk printed no result: {output}")
    load = msgspec.json.decode(lines[0].removeprefix("result "), type=Load)
    if load.errors or not load.requests:
        raise LoadError(f"{load.errors} errors in {load.requests} requests: {output}")
    return msgspec.structs.replace(load, generator_seconds=generator_seconds)


def open_loop(
    port: int, path: str, bodies: Sequence[bytes], *, rate: float, seconds: float
) -> Floats:
    """Send requests at a fixed rate, whatever the server does; the n-th carries the n-th body.

    Returns the time of each in microseconds, from the moment it was due: that counts the waiting
    which a slow answer causes to those behind it. Raises LoadError when any request fails.
    """
    due = time.perf_counter() + 0.2 + np.arange(int(rate * seconds)) / rate
    late = np.full(len(due), np.nan)

    def send(first: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        for number in range(first, len(due), OPEN_CONNECTIONS):
            time.sleep(max(0.0, due[number] - time.perf_counter()))
            connection.request("POST", path, bodies[number % len(bodies)], HEADERS)
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                late[number] = time.perf_counter() - due[number]
        connection.close()

    threads = [threading.Thread(target=send, args=(n,)) for n in range(OPEN_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if np.isnan(late).any():
        raise LoadError(f"{np.isnan(late).sum()} of {len(late)} requests failed at a fixed rate")
    return late * 1e6


def ask(port: int, path: str, body: bytes) -> bytes:
    """Send one request and return the answer; raises LoadError for any status but 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body, HEADERS)
    answer = connection.getresponse()
    found = answer.read()
    connection.close()
    if answer.status != 200:
        raise LoadError(f"{path} answered {answer.status}: {found.decode(errors='replace')}")
    return found


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
