"""More requests than the service can answer: some wait, the others are asked to come again."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from app.errors import TYPES

BODY = json.dumps({"text": "The goalie stopped the puck."}).encode()
PREDICTION = (
    b"POST /prediction HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
)
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@contextmanager
def stopped(server: Any) -> Iterator[None]:
    """Requests that are sent in here wait until its end."""
    (worker,) = server.worker_pids().values()
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def send(server: Any, request: bytes) -> socket.socket:
    """Send a request on a connection of its own."""
    host, port = server.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(request)
    return connection


def answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what was answered until the connection's end."""
    with connection, connection.makefile("rb") as file:
        head, _, body = file.read().partition(b"\r\n\r\n")
    first, *rest = head.decode().split("\r\n")
    return int(first.split()[1]), dict(line.split(": ") for line in rest), body


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Any:
    """A server whose only worker lets four requests wait."""
    return serve(workers=1, max_waiting=4)


def test_more_than_may_wait_are_refused(server: Any) -> None:
    """As many as may wait are answered, the others asked to come again; and all are counted."""
    with stopped(server):
        waiting = [send(server, PREDICTION % len(BODY) + BODY) for _ in range(20)]
    answers = [answer(connection) for connection in waiting]
    served = [body for status, _, body in answers if status == 200]
    refused = [one for one in answers if one[0] == 503]
    assert len(served) + len(refused) == 20
    assert 0 < len(served) < 20
    assert set(served) == {b'{"label":"hockey"}\n'}
    metrics = requests.get(f"{server.url}/metrics", timeout=9).text
    assert f"\nhttp_requests_refused_total {len(refused)}.0\n" in metrics


def test_refusal_is_a_problem(server: Any) -> None:
    """It has the shape of every other error, and says when to come again."""
    with stopped(server):
        waiting = [send(server, PREDICTION % len(BODY) + BODY) for _ in range(40)]
    refused = [one for one in map(answer, waiting) if one[0] == 503]
    assert len({headers["X-Request-ID"] for _, headers, _ in refused}) == len(refused) > 0
    _, headers, body = refused[0]
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["Retry-After"] == "1"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert int(headers["Content-Length"]) == len(body)
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-ID"])
    assert json.loads(body) == {
        "type": "/docs#overloaded",
        "title": "Overloaded",
        "status": 503,
        "detail": TYPES["Overloaded"].meaning,
        "instance": f"urn:request:{headers['X-Request-ID']}",
    }


def test_probes_and_silent_connections_are_not_refused(server: Any) -> None:
    """Behind a queue that is too long already, a probe is answered; so is who sends later."""
    with stopped(server):
        before = [send(server, PREDICTION % len(BODY) + BODY) for _ in range(20)]
        probes = [send(server, HEALTH) for _ in range(5)]
        silent = send(server, b"")
    assert [answer(probe)[0] for probe in probes] == [200] * 5
    silent.sendall(PREDICTION % len(BODY) + BODY)
    assert answer(silent)[0] == 200
    assert 503 in [answer(connection)[0] for connection in before]


def test_kept_connection_outlives_its_refusal(server: Any) -> None:
    """More requests than may wait are refused on kept connections, too, which then go on."""
    head = PREDICTION.replace(b"close", b"keep-alive") % len(BODY)
    with stopped(server):
        kept = [send(server, head + BODY) for _ in range(12)]
    statuses = [read_status(connection) for connection in kept]
    assert set(statuses) == {200, 503}
    refused = kept[statuses.index(503)]
    refused.sendall(PREDICTION % len(BODY) + BODY)
    assert answer(refused)[0] == 200
    for connection in kept:
        connection.close()


def read_status(connection: socket.socket) -> int:
    """Read an answer of JSON, which is the line after its head; return its status."""
    received = b""
    while not received.endswith(b"}\n"):
        received += connection.recv(65_536)
    return int(received.split()[1])


def test_large_bodies_get_their_refusal(server: Any) -> None:
    """A refusal reaches a client whose body is larger than any buffer on the way."""
    body = BODY[:-2] + b" " * 900_000 + BODY[-2:]
    with ThreadPoolExecutor(40) as clients:
        answers = list(
            clients.map(lambda _: answer(send(server, PREDICTION % len(body) + body)), range(40))
        )
    assert {status for status, _, _ in answers} <= {200, 503}


def test_refusals_are_counted_like_all_answers(server: Any) -> None:
    """A 503 stands in http_requests_total under the status that the client saw."""
    with stopped(server):
        waiting = [send(server, PREDICTION % len(BODY) + BODY) for _ in range(20)]
    refused = sum(answer(connection)[0] == 503 for connection in waiting)
    metrics = requests.get(f"{server.url}/metrics", timeout=9).text
    (counted,) = re.findall(r'^http_requests_total.*status="503".* (\S+)$', metrics, re.MULTILINE)
    assert float(counted) >= refused > 0
