"""Gunicorn's gevent worker, with deadlines for clients and with problems for what is no HTTP.

May import the settings, the problems and the admission of ours. Gunicorn's own worker limits the
silence before the end of a request's head, and nothing else. Here a head, a body and an answer have
so many seconds each, as a whole: a client that sends or takes a byte now and then holds its
connection no longer than one that falls silent.
"""

from __future__ import annotations

import errno
import os
import re
import struct
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from time import monotonic
from typing import Any

from gevent import sleep, socket
from gunicorn.http.message import Request
from gunicorn.workers.ggevent import GeventWorker

from app import problems
from app.admission import Address, Admission, count_nothing
from app.settings import read_settings

# What a client may go on sending after its last answer. If the connection ended at once, what is
# still on its way would make the client's system drop the answer, perhaps before it is read.
LINGER_SECONDS = 2.0
LINGER_BYTES = 16 * 2**20

# At the close, forget what is unsent and tell the client so. Otherwise the system would go on
# offering it for minutes to a client that does not read.
RESET = struct.pack("ii", 1, 0)

# After so many answers a client lets others come first, even if its next request is there already.
# To do so after each would cost 8 % of a prediction; never to do it lets the others wait for long.
TURN = 4

BETWEEN_WORDS = re.compile("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Connection(socket.socket):  # type: ignore[misc]  # gevent publishes no types
    """A client's connection; a head, a body and an answer may take so many `seconds` each."""

    seconds = 0.0
    answered = 0
    """Requests answered so far."""
    _until: float | None = None
    """When the part that is under way must be over; None while nothing is."""
    _in_request = False
    _answering = False
    _head = b""
    """The head of an answer, which waits for the first of its body."""

    def begin(self) -> None:
        """Begin to read the body of a request whose head is read."""
        self._in_request, self._answering = True, False
        self._until = monotonic() + self.seconds

    def rest(self) -> None:
        """Wait for another request: its head has not begun before its first byte."""
        if self._head and self.fileno() != -1:  # an answer without a body
            self._send(b"")
        self._in_request = self._answering = False
        self._until = None

    def linger(self) -> None:
        """Say that no more will be sent, and for a while let the client finish what it sends."""
        received = 0
        with suppress(OSError):
            self.rest()
            self._until = monotonic() + LINGER_SECONDS
            self.shutdown(socket.SHUT_WR)
            while received < LINGER_BYTES and (data := self.recv(65_536)):
                received += len(data)

    def recv(self, *args: int) -> bytes:
        """As a socket's; at the deadline a body raises TimeoutError, and all else has its end."""
        try:
            self._allow()
            data: bytes = super().recv(*args)
        except TimeoutError:
            if self._in_request:
                raise
            return b""
        if self._until is None:
            self._until = monotonic() + self.seconds
        return data

    def sendall(self, data: bytes) -> None:
        """As a socket's; at the deadline of the answer, the client counts as gone.

        Gunicorn sends the head of an answer apart from its body. Together they cost one call of the
        system less, and the client is woken once: 3 % of a prediction.
        """
        if not self._answering:
            self._answering, self._until = True, monotonic() + self.seconds
            if self._in_request:
                self._head = data
                return
        self._send(data)

    def _send(self, data: bytes) -> None:
        data, self._head = self._head + data, b""
        try:
            self._allow()
            super().sendall(data)
        except TimeoutError:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            raise BrokenPipeError(errno.EPIPE, "the client takes too long") from None

    def _allow(self) -> None:
        """Let the next call take until the deadline. Raises TimeoutError when that is past."""
        left = None if self._until is None else self._until - monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        self.settimeout(left)


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn publishes no types
    """A worker whose connections have deadlines, and of which it takes up no more than it can."""

    def init_process(self) -> None:
        self.settings = read_settings(os.environ)
        super().init_process()

    def server_class(self, listener: Any, *, spawn: Any, **unused: Any) -> Admission:
        """Make what accepts connections: gunicorn calls this where a subclass defines it."""
        # Gunicorn asks the listener for its address at each connection, and so would lose those
        # that were accepted just before a worker that ends closes it.
        handle = partial(self.handle, Address(listener.getsockname()))
        count = self.wsgi.extensions.get("count_refusal", count_nothing)
        most = self.settings.max_waiting
        return Admission(listener, handle, spawn, count, workers=self.cfg.workers, most=most)

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        """Serve a connection until its end."""
        connection = Connection(client.family, client.type, client.proto, client.detach())
        connection.seconds = self.settings.client_timeout
        super().handle(listener, connection, addr)

    def handle_request(self, name: Any, request: Any, connection: Any, addr: Any) -> None:
        """Answer a request; if a part of its body is left unread, it is the connection's last."""
        connection.begin()
        request.should_close = partial(_is_last, request)
        try:
            super().handle_request(name, request, connection, addr)
        finally:
            if _has_unread_body(request):
                connection.linger()
            connection.rest()
            connection.answered += 1
            if connection.answered % TURN == 0:
                sleep(0)

    def handle_error(self, request: Any, connection: Any, addr: Any, error: Any) -> None:
        """Log what cannot be served as gunicorn does, but answer it as a problem."""
        written = _Written()
        super().handle_error(request, written, addr, error)
        with suppress(OSError):
            connection.sendall(_refusal(HTTPStatus(written.status), error))
            connection.linger()


class _Written:
    """Stands in for a connection, to learn the status that gunicorn answers an error with."""

    status = 500

    def gettimeout(self) -> float:
        return 0.0

    def sendall(self, answer: bytes) -> None:
        self.status = int(answer.split(maxsplit=2)[1])


def _is_last(request: Any) -> bool:
    """Whether the connection ends with this request: what follows half a body is no request."""
    return Request.should_close(request) or _has_unread_body(request)


def _has_unread_body(request: Any) -> bool:
    """Whether gunicorn has bytes or chunks to read until the end of the body."""
    reader = request.body.reader
    return bool(getattr(reader, "length", 0) or getattr(reader, "parser", None))


def _refusal(status: HTTPStatus, error: Exception) -> bytes:
    """The whole answer to an error outside of any request that the application knows of."""
    detail = None
    if status < 500 or status == HTTPStatus.NOT_IMPLEMENTED:
        # The class alone: the message quotes what was sent.
        reason = BETWEEN_WORDS.sub(" ", type(error).__name__).lower()
        detail = f"The connection ends here, for what was sent cannot be read: {reason}."
    body = problems.encode(status, status.phrase, detail)
    head = (
        f"HTTP/1.1 {status} {status.phrase}\r\nConnection: close\r\n"
        f"Content-Type: {problems.MEDIA_TYPE}\r\nX-Content-Type-Options: nosniff\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
