"""Requests that could be understood in two ways, to a server: nothing after them is answered."""

from __future__ import annotations

import socket
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from chaos.strange_heads import PIPELINED, lengths, mutated, shapes

SHAPES = shapes()
LENGTHS = lengths()


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Any:
    """A server for all tests."""
    return serve(workers=1)


def exchange(server: Any, request: bytes) -> bytes:
    """Send bytes as they are, then nothing more; return all that is answered until the end."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65_536):
            received += part
    return received


def statuses(answers: bytes) -> list[int]:
    """The statuses of answers that follow each other."""
    return [int(each.split(b" ", 1)[0]) for each in answers.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("name", SHAPES)
def test_ambiguous_request_is_the_last(server: Any, name: str) -> None:
    """It is refused, once, and the request that is pipelined after it is not answered."""
    (status,) = statuses(exchange(server, SHAPES[name] + PIPELINED))
    assert 400 <= status < 500 or status == 501


@pytest.mark.parametrize("name", LENGTHS)
def test_body_of_another_length_is_refused(server: Any, name: str) -> None:
    """A body that is not as long as it is said to be is never classified as if it were."""
    found = statuses(exchange(server, LENGTHS[name]))
    assert found in ([405], [405, 400], [400])


def test_mutated_heads(server: Any) -> None:
    """Whatever a head is made of, it is answered without a fault, or the connection ends."""
    before, chance = server.worker_pids(), Random(1)
    for _ in range(200):
        request = mutated(chance)
        assert all(status < 500 or status == 501 for status in statuses(exchange(server, request)))
    assert server.worker_pids() == before
    assert '"ERROR"' not in server.log.read_text()
