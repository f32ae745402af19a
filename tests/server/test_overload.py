"""More requests than the service can answer: some wait, the others are told to come again."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from app.problems import TYPES

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
    """As many as may wait are answered, the others told to come again; and all are counted."""
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
    assert (headers["Retry-After"], headers["Connection"]) == ("1", "close")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert int(headers["Content-Length"]) == len(body)
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-ID"])
    assert json.loads(body) == {
        "type": "/docs#overloaded",
        "title": "Overloaded",
        "status": 503,
        "detail": TYPES["Overloaded"],
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


def test_requests_on_kept_connections_wait(server: Any) -> None:
    """Whoever was let in is answered, even if more of them ask at a time than may wait."""
    kept = [send(server, HEALTH.replace(b"close", b"keep-alive")) for _ in range(12)]
    for connection in kept:
        received = b""
        while not received.endswith(b'{"status":"ok"}\n'):
            received += connection.recv(65_536)
    with stopped(server):
        for connection in kept:
            connection.sendall(PREDICTION % len(BODY) + BODY)
        late = [send(server, PREDICTION % len(BODY) + BODY) for _ in range(6)]
    assert {answer(connection)[0] for connection in kept} == {200}
    assert {answer(connection)[0] for connection in late} == {503}
