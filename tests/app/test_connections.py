"""A client's connection, by itself: what its deadline does to reading and sending."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from app.connections import Connection


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    """Our end of a connection, without any patience, and the client's."""
    ours, client = socket.socketpair()
    connection = Connection(ours.family, ours.type, ours.proto, ours.detach())
    with closing(connection), client:
        yield connection, client


def test_waiting_has_no_deadline(ends: tuple[Connection, socket.socket]) -> None:
    """Before the first byte of a head nothing is over."""
    connection, client = ends
    client.sendall(b"GET")
    assert connection.recv(1) == b"G"
    connection.rest()
    assert connection.recv(1) == b"E"


def test_head_ends_at_its_deadline(ends: tuple[Connection, socket.socket]) -> None:
    """What is there is not read any more: a client that sends without a pause is late, too."""
    connection, client = ends
    client.sendall(b"GET")
    assert connection.recv(1) == b"G"
    assert connection.recv(1) == b""


def test_body_fails_at_its_deadline(ends: tuple[Connection, socket.socket]) -> None:
    """The end of a body that is late is not taken for the end of the body."""
    connection, client = ends
    client.sendall(b"{")
    connection.begin()
    with pytest.raises(TimeoutError):
        connection.recv(1)


def test_answer_has_a_deadline_of_its_own(ends: tuple[Connection, socket.socket]) -> None:
    """However long a body took, its answer is sent; after the answer's time nothing is."""
    connection, _ = ends
    connection.begin()
    connection.seconds = 60
    connection.sendall(b"head ")
    connection.sendall(b"one ")
    connection._until = 0.0
    with pytest.raises(BrokenPipeError):
        connection.sendall(b"two")


def test_head_of_an_answer_is_sent_with_its_body(ends: tuple[Connection, socket.socket]) -> None:
    """The client is not woken for a head alone, unless there is nothing else to come."""
    connection, client = ends
    client.settimeout(5)
    connection.seconds = 60
    connection.begin()
    connection.sendall(b"head ")
    assert not select.select([client], [], [], 0)[0]
    connection.sendall(b"body ")
    connection.sendall(b"more")
    connection.rest()
    assert client.recv(100) == b"head body more"
    connection.begin()
    connection.sendall(b"head alone")
    connection.rest()
    assert client.recv(100) == b"head alone"


def test_closed_connection_rests(ends: tuple[Connection, socket.socket]) -> None:
    """A fault that closes the connection between head and body is no second fault."""
    connection, client = ends
    connection.seconds = 60
    connection.begin()
    connection.sendall(b"head")
    connection.close()
    connection.rest()
    assert client.recv(100) == b""
