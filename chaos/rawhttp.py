"""Requests to the service, byte by byte: right, wrong and half of them."""

from __future__ import annotations

import http.client
import socket
import time
from contextlib import closing

HOST = "127.0.0.1"
GOALIE = b'{"text": "The goalie stopped every shot in overtime and won the cup."}'
"""A request for a prediction, and what it is answered."""
HOCKEY = b'{"label":"hockey"}\n'


def predict(port: int) -> bytes:
    """What a plain request for a prediction is answered, on a connection of its own."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=10)) as connection:
        connection.request("POST", "/prediction", GOALIE)
        return connection.getresponse().read()


def connect(port: int, *, receive_buffer: int = 0) -> socket.socket:
    """Open a connection; a small receive buffer lets a client that does not read fill it soon."""
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(30)
    connection.connect((HOST, port))
    return connection


def exchange(
    port: int, request: bytes, *, seconds: float = 10, half_close: bool = False
) -> tuple[bytes, bool]:
    """Send bytes as they are on a connection of their own, and read until it is closed.

    With `half_close` the server learns that no more will come.

    Returns what was answered, and whether the server closed the connection in time.
    """
    deadline = time.monotonic() + seconds
    received = bytearray()
    with connect(port) as connection:
        try:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
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
