"""Connections as the service keeps and ends them: deadlines, and answers to what is no HTTP."""

from __future__ import annotations

import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

SECONDS = 1
LIMIT = 10**6
POST = b"POST /prediction HTTP/1.1\r\nHost: x\r\n"
BIG_FILE = b"GET /docs/swagger-ui/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = b'{"text": "The goalie stopped the puck."}'


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Any:
    """A server with little patience."""
    return serve(client_timeout=SECONDS, max_body_bytes=LIMIT, workers=1)


@pytest.fixture
def connection(server: Any) -> Iterator[socket.socket]:
    """A connection to it, whose buffer for what it receives is small."""
    with closing(connect(server, buffer=2048)) as opened:
        yield opened


def connect(server: Any, buffer: int = 2**22) -> socket.socket:
    """Open a connection with so large a buffer for what is received."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    opened = socket.socket()
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    opened.settimeout(30)
    opened.connect((host, int(port)))
    return opened


def trickle(connection: socket.socket, forever: bytes) -> bytes:
    """Send this every tenth of the timeout until there is an answer or the end."""
    connection.settimeout(SECONDS / 10)
    deadline = time.monotonic() + 20 * SECONDS
    while time.monotonic() < deadline:
        connection.sendall(forever)
        try:
            return connection.recv(65_536)
        except TimeoutError:
            continue
    raise AssertionError("the connection does not end")


def read_answer(connection: socket.socket) -> bytes:
    """Read an answer of JSON, which is the line after its head."""
    answer = b""
    while not answer.endswith(b"}\n"):
        part = connection.recv(65_536)
        assert part, answer
        answer += part
    return answer


def read_all(connection: socket.socket) -> bytes:
    """Read until the server ends the connection."""
    with connection.makefile("rb") as stream:
        return stream.read()


@pytest.mark.parametrize("head", [b"GET /", POST + b"X-Slow: "])
def test_trickled_head_is_cut_off(connection: socket.socket, head: bytes) -> None:
    """A head that does not end in time ends the connection, though its bytes keep coming."""
    connection.sendall(head)
    assert trickle(connection, b"x") == b""


def test_answer_without_a_body_is_sent_at_once(connection: socket.socket) -> None:
    """The head of such an answer waits for no body, and the connection goes on."""
    connection.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert read_answer(connection).startswith(b"HTTP/1.1 200 ")


def test_client_with_much_to_ask_lets_others_come_first(server: Any) -> None:
    """A request is answered in the midst of the many that another client sent before it."""
    many = 1000
    head = POST + b"Content-Length: %d\r\n\r\n" % len(BODY)
    with closing(connect(server)) as greedy, closing(connect(server)) as modest:
        for client in (greedy, modest):  # accepted, both of them
            client.sendall(head + BODY)
            read_answer(client)
        threading.Thread(target=greedy.sendall, args=[(head + BODY) * many]).start()
        assert greedy.recv(1) == b"H"
        modest.sendall(head + BODY)
        read_answer(modest)
        waiting = greedy.recv(2**24)
        assert waiting.count(b"HTTP/1.1 200 ") < many / 2


def test_second_head_is_cut_off(connection: socket.socket) -> None:
    """On a kept connection, too, a head has to come to its end once it has begun."""
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert read_answer(connection).startswith(b"HTTP/1.1 200 ")
    connection.sendall(b"GET /")
    assert trickle(connection, b"x") == b""


@pytest.mark.parametrize(
    ("head", "forever"),
    [
        (b"Content-Length: %d\r\n\r\n" % LIMIT, b"x"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["length", "chunks"],
)
def test_trickled_body_is_408(connection: socket.socket, head: bytes, forever: bytes) -> None:
    """A body that does not end in time is answered with 408, though its bytes keep coming."""
    connection.sendall(POST + head)
    answer = trickle(connection, forever)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"\r\nConnection: close\r\n" in answer


def test_client_that_does_not_read_is_cut_off(server: Any, connection: socket.socket) -> None:
    """A client that does not take its answers learns of the end; it is no fault of the service."""
    connection.sendall(BIG_FILE * 20)
    end = select.poll()
    end.register(connection, 0)
    assert end.poll(20_000 * SECONDS)
    assert '"ERROR"' not in server.log.read_text()


def test_client_that_does_not_read_takes_little_memory(
    server: Any, connection: socket.socket
) -> None:
    """The system keeps a bounded part of an answer for a client that does not read."""
    connection.sendall(BIG_FILE)
    # Fields of proc(5): local address, remote address, state, bytes to send and received.
    ours, theirs = connection.getpeername()[1], connection.getsockname()[1]
    pattern = rf"^ *\d+: \w+:{ours:04X} \w+:{theirs:04X} \w+ (\w+):"
    time.sleep(SECONDS / 2)
    found = re.search(pattern, Path("/proc/net/tcp").read_text(), re.MULTILINE)
    assert found
    assert 0 < int(found[1], 16) < 500_000


def test_unread_body_ends_the_connection(connection: socket.socket) -> None:
    """What follows a body that was refused unread is never taken for a request."""
    inner = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    connection.sendall(POST + b"Content-Length: %d\r\n\r\n" % (LIMIT + 1) + inner * 40)
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1") == 1


def test_unread_chunks_are_answered_once(connection: socket.socket) -> None:
    """Malformed chunks get one answer; a second could pass for another request's."""
    connection.sendall(
        b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    )
    answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 4") == 1


@pytest.mark.parametrize(
    ("head", "status"),
    [(POST + b"Content-Length: 5000000\r\n\r\n", 413), (b"quixotic\r\n\r\n", 400)],
)
def test_late_reader_gets_the_refusal(connection: socket.socket, head: bytes, status: int) -> None:
    """A client that sends all before it reads learns why it was rejected."""
    connection.sendall(head + b"x" * 5_000_000)
    assert read_all(connection).startswith(b"HTTP/1.1 %d " % status)


def test_read_body_keeps_the_connection(connection: socket.socket) -> None:
    """A connection whose bodies are read goes on, with a length as with chunks."""
    connection.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
    assert b'{"label":"hockey"}' in read_answer(connection)
    connection.sendall(
        POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n"
    )
    answer = read_answer(connection)
    assert b'{"label":"hockey"}' in answer
    assert b"\r\nConnection:" not in answer


@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        (b"quixotic\r\n\r\n", 400, "it is not valid HTTP/1.1"),
        (b"GET / HTTP/9.9\r\n\r\n", 400, "it is not valid HTTP/1.1"),
        (b"GET /" + b"x" * 2048 + b" HTTP/1.1\r\n\r\n", 414, "target too long"),
        (POST + b"X: " + b"x" * 4096 + b"\r\n\r\n", 431, "header too long"),
        (POST + b"X: x\r\n" * 65 + b"\r\n", 431, "too many headers"),
        (POST + b"X: a\r\n b\r\n\r\n", 400, "it is not valid HTTP/1.1"),
        (POST + b"Expect: quixotic\r\n\r\n", 417, "unknown expectation"),
        (POST + b"Transfer-Encoding: quixotic\r\n\r\n", 501, "unsupported transfer coding"),
        (
            POST + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            "it is not valid HTTP/1.1",
        ),
    ],
)
def test_what_is_no_http_is_a_problem(
    server: Any, connection: socket.socket, request_: bytes, status: int, reason: str
) -> None:
    """What cannot be read as a request is refused as a problem that does not repeat it."""
    connection.sendall(request_)
    head, _, body = read_all(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nContent-Type: application/problem+json" in head
    assert b"\r\nConnection: close" in head
    assert b"gunicorn/" not in head
    problem = json.loads(body)
    assert problem.pop("title")
    assert problem.pop("instance").startswith("urn:request:")
    assert problem == {
        "type": "about:blank",
        "status": status,
        "detail": f"The connection ends here, because the request cannot be read: {reason}.",
    }
    assert b"quixotic" not in body
    assert "quixotic" not in server.log.read_text()
