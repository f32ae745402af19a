"""Load on a server: closed-loop by wrk, open-loop at a fixed rate by a few connections."""

from __future__ import annotations

import http.client
import resource
import select
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

SCRIPT = Path(__file__).with_name("posts.lua")
OPEN_CONNECTIONS = 16
ANSWER_SECONDS = 10.0
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
    requests = [_request(path, body) for body in bodies]
    due = 0.2 + np.arange(int(rate * seconds)) / rate
    took = np.full(len(due), np.nan)
    connections = [socket.create_connection(("127.0.0.1", port)) for _ in range(OPEN_CONNECTIONS)]
    free = list(connections)
    number_of: dict[socket.socket, int] = {}
    started, sent = time.perf_counter(), 0
    # One thread, which does not sleep: threads, and clocks that wake them, would be late by more
    # than an answer takes.
    while sent < len(due) or number_of:
        if free and sent < len(due) and time.perf_counter() - started >= due[sent]:
            connection = free.pop()
            with suppress(OSError):  # it is closed, which reading will show
                connection.sendall(requests[sent % len(requests)])
            number_of[connection] = sent
            sent += 1
        for connection in select.select(number_of, [], [], 0)[0]:
            number = number_of.pop(connection)
            if not _answered_ok(connection):
                continue
            took[number] = time.perf_counter() - started - due[number]
            free.append(connection)
        if not (free or number_of) or time.perf_counter() - started > due[-1] + ANSWER_SECONDS:
            break
    for connection in connections:
        connection.close()
    if np.isnan(took).any():
        raise LoadError(f"{np.isnan(took).sum()} of {len(took)} requests failed at a fixed rate")
    return took * 1e6


def _request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _answered_ok(connection: socket.socket) -> bool:
    """Read an answer that has begun, and return whether it is a 200; one is not used again else."""
    connection.settimeout(ANSWER_SECONDS)
    answer = http.client.HTTPResponse(connection)
    try:
        answer.begin()
        answer.read()
    except (OSError, http.client.HTTPException):
        return False
    return answer.status == HTTPStatus.OK and not answer.will_close


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
