"""HTTP/1.1 on one connection: bytes in, whole requests out, whole answers back (RFC 9112).

llhttp (by way of httptools) parses and rejects what is malformed or ambiguous. This module adds
limits and deadlines. A connection is always in one stage:

    RESTING -> HEAD -> BODY -> RESTING ... -> ENDED

Whole requests wait in `requests`, so that pipelined ones are answered in order; the first of them
is the worker's to answer. In ENDED nothing is parsed any more: what is still answered, is answered,
and the rest of what the client sends is read and dropped for a while. If the connection closed at
once instead, the client's system could drop the answer unread.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from dataclasses import dataclass
from enum import IntEnum
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

import httptools

from server import wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

STEP = 4096
"""Bytes that the parser is fed at a time. A whole step must complete something: a longer header
line or chunk extension is over the limit, wherever it begins."""

LINGER_SECONDS = 2.0
LINGER_BYTES = 16 * 2**20

# At the close, drop what is unsent and reset the connection. Otherwise the system would go on
# offering it for minutes to a client that does not read.
RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Limits:
    """What one client may take: bytes, counts and seconds."""

    body: int
    """Bytes of a body."""
    seconds: float
    """For a head, for a body and for taking an answer, each as a whole."""
    resting: float
    """Seconds between two requests."""
    line: int = 2048
    """Bytes of a request's target."""
    headers: int = 64
    header: int = STEP
    """Bytes of a header's name and value."""


class Stage(IntEnum):
    """What the next byte belongs to."""

    RESTING = 0
    HEAD = 1
    BODY = 2
    ENDED = 3


@dataclass(slots=True)
class Request:
    """A whole request, or one that the server rejects."""

    environ: WSGIEnvironment
    body: bytes | bytearray
    keep: bool
    """Whether the connection goes on after the answer."""


class Rejected(Exception):  # noqa: N818  # the field's word for it
    """A request that is not read further; raised inside the parser's callbacks."""

    def __init__(self, status: int, reason: str) -> None:
        self.status, self.reason = status, reason


class Owner(Protocol):
    """What a connection needs of the worker that serves it."""

    limits: Limits
    buffer: memoryview
    now: float
    """The loop's time, a fraction of a second old."""
    alive: bool
    environ: WSGIEnvironment
    """The part of the environ that all requests share."""

    def opened(self, connection: Connection) -> None:
        """Know a new connection."""

    def closed(self, connection: Connection) -> None:
        """Forget a connection that is closed."""

    def submit(self, connection: Connection) -> None:
        """Answer the first request of a connection when its turn comes."""

    def received(self, connection: Connection, size: int) -> None:
        """Account for bytes that are kept; pause the connection when there are too many."""


class Connection(asyncio.BufferedProtocol):
    """One client's connection."""

    def __init__(self, worker: Owner) -> None:
        self._worker = worker
        self._limits = worker.limits
        self.stage = Stage.RESTING
        self.requests: deque[Request] = deque()
        self.kept = 0
        """Bytes of bodies that are kept for this connection."""
        self.deadline = worker.now + self._limits.resting
        """When the current stage, or the rest between requests, must be over."""
        self._take_until = inf
        self._dropped = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        # Any unsent byte is reported, so that the time for taking an answer can be limited.
        transport.set_write_buffer_limits(0)
        self._parser = httptools.HttpRequestParser(self)
        self._peer = transport.get_extra_info("peername")
        self._worker.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.stage = Stage.ENDED
        self._release(self.kept)
        self._worker.closed(self)

    # Reading

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._worker.buffer

    def buffer_updated(self, size: int) -> None:
        for start in range(0, size, STEP):
            if self.stage is Stage.ENDED:
                self._drop(size - start)
                return
            self._feed(self._worker.buffer[start : min(start + STEP, size)])
        if len(self.requests) > 1:
            self._transport.pause_reading()

    def _feed(self, data: memoryview) -> None:
        self._advanced = False
        self._first = data[:16]
        try:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                # The offer of another protocol is ignored; what follows is the next request.
                if self.stage is not Stage.ENDED:
                    self._parser.feed_data(data[upgrade.args[0] :])
            if not self._advanced and len(data) == STEP:
                raise Rejected(*((400, "long chunk") if self.stage is Stage.BODY else self._long()))
        except Rejected as rejected:
            self._reject(rejected.status, rejected.reason)
        except httptools.HttpParserError as error:
            if self.stage is Stage.ENDED:  # more data after the last request
                return
            cause = error.__context__
            if isinstance(cause, Rejected):
                self._reject(cause.status, cause.reason)
            else:
                self._reject(400, "it is not valid HTTP/1.1")

    def _long(self) -> tuple[int, str]:
        return (431, "header too long") if self._target else (414, "target too long")

    def on_message_begin(self) -> None:
        self.stage = Stage.HEAD
        self.deadline = self._worker.now + self._limits.seconds
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: bytes | bytearray = b""
        self._chunked = False

    def on_url(self, part: bytes) -> None:
        self._advanced = True
        if not self._target and self._first[:8].tobytes().find(b"  ") > 0:
            raise Rejected(400, "two blanks in the request line")
        self._target += part
        if len(self._target) > self._limits.line:
            raise Rejected(414, "target too long")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._advanced = True
        if len(name) + len(value) > self._limits.header:
            raise Rejected(431, "header too long")
        self._headers.append((name, value))
        if len(self._headers) > self._limits.headers:
            raise Rejected(431, "too many headers")
        # Two servers in a row may judge differently whether Transfer_Encoding is Transfer-Encoding.
        if b"_" in name:
            raise Rejected(400, "underscore in a header's name")

    def on_headers_complete(self) -> None:
        self._environ = environ = self._begin_environ()
        try:
            wsgi.fill(environ, self._target, self._headers)
        except ValueError as error:
            raise Rejected(400, str(error)) from None
        self._keep = self._parser.should_keep_alive()
        self._check_head(environ)
        if "HTTP_EXPECT" in environ and environ["SERVER_PROTOCOL"] == "HTTP/1.1":
            self._meet_expectation(environ["HTTP_EXPECT"])
        self.stage = Stage.BODY
        self.deadline = self._worker.now + self._limits.seconds

    def _begin_environ(self) -> WSGIEnvironment:
        environ = self._worker.environ.copy()
        environ["REQUEST_METHOD"] = self._parser.get_method().decode()
        environ["SERVER_PROTOCOL"] = f"HTTP/{self._parser.get_http_version()}"
        if self._peer:
            environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = self._peer[0], str(self._peer[1])
        return environ

    def _check_head(self, environ: WSGIEnvironment) -> None:
        version = environ["SERVER_PROTOCOL"]
        if version not in ("HTTP/1.1", "HTTP/1.0"):
            raise Rejected(400, "unknown version of HTTP")
        if environ["REQUEST_METHOD"] == "CONNECT":
            raise Rejected(501, "tunnels are not offered")
        host = environ.get("HTTP_HOST")
        # A comma is what two headers are joined by.
        if (host is None and version == "HTTP/1.1") or (host and "," in host):
            raise Rejected(400, "not exactly one Host header")
        coding = environ.get("HTTP_TRANSFER_ENCODING")
        if coding is not None:
            if version == "HTTP/1.0":
                raise Rejected(400, "a transfer coding in HTTP/1.0")
            if coding.lower() != "chunked":
                raise Rejected(501, "unsupported transfer coding")
            self._chunked = True
        if int(environ.get("CONTENT_LENGTH") or 0) > self._limits.body:
            raise Rejected(413, self._over_limit())

    def _meet_expectation(self, expectation: str) -> None:
        if expectation.lower() != "100-continue":
            raise Rejected(417, "unknown expectation")
        if not self.requests:
            self._transport.write(wsgi.CONTINUE)

    def _over_limit(self) -> str:
        return f"The body is over the limit of {self._limits.body} bytes."

    def on_chunk_header(self) -> None:
        self._advanced = True

    def on_body(self, part: bytes) -> None:
        self._advanced = True
        if not self._body:
            self._body = part
        else:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += part
        self.kept += len(part)
        self._worker.received(self, len(part))
        if len(self._body) > self._limits.body:
            raise Rejected(413, self._over_limit())

    def on_message_complete(self) -> None:
        self._advanced = True
        self.stage = Stage.RESTING if self._keep else Stage.ENDED
        self.deadline = inf
        self._await_answer(Request(self._environ, self._body, self._keep))

    def _reject(self, status: int, reason: str) -> None:
        """Let a request be answered with an error; it is the connection's last."""
        environ = self._environ if self.stage is Stage.BODY or status == 413 else None
        if environ is None:
            environ = self._worker.environ.copy()
            environ |= {"REQUEST_METHOD": "", "PATH_INFO": "", "SERVER_PROTOCOL": "HTTP/1.1"}
        environ[wsgi.ERROR] = (status, reason)
        self.stage = Stage.ENDED
        self.deadline = inf
        self._await_answer(Request(environ, b"", keep=False))

    def _await_answer(self, request: Request) -> None:
        self.requests.append(request)
        if len(self.requests) == 1:
            self._worker.submit(self)

    def eof_received(self) -> bool:
        """Take the end of what the client sends; a body that is cut short is still answered."""
        if self.stage is Stage.BODY and not self._chunked:
            self._await_answer(Request(self._environ, self._body, keep=False))
        elif self.stage is Stage.BODY:
            self._reject(400, "the body ends within a chunk")
        elif self.stage is Stage.HEAD:
            self._reject(400, "the head ends early")
        self.stage = Stage.ENDED
        self._dropped = LINGER_BYTES  # nothing is left to wait for after the last answer
        return bool(self.requests)

    def _drop(self, size: int) -> None:
        self._dropped += size
        if self._dropped > LINGER_BYTES:
            self._transport.abort()

    # Answering

    def answer(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send the answer to the first request, and go on to the next."""
        request = self.requests.popleft()
        self._release(len(request.body))
        if self._transport.is_closing():
            return
        keep = request.keep and self._worker.alive
        connection = "close"
        if keep:
            connection = "keep-alive" if request.environ["SERVER_PROTOCOL"] == "HTTP/1.0" else ""
        method = request.environ["REQUEST_METHOD"]
        self._transport.write(
            wsgi.encode(status, headers, body, method=method, connection=connection)
        )
        if not keep:
            self.requests.clear()
            self._close(linger=self.stage is Stage.ENDED and wsgi.ERROR in request.environ)
        elif self._take_until == inf:
            self._go_on()

    def _go_on(self) -> None:
        if self.requests:
            self._worker.submit(self)
            return
        if self.stage is Stage.RESTING:
            self.deadline = self._worker.now + self._limits.resting
        self._transport.resume_reading()

    def pause_writing(self) -> None:
        self._take_until = self._worker.now + self._limits.seconds

    def resume_writing(self) -> None:
        self._take_until = inf
        if not self._transport.is_closing() and self.stage is not Stage.ENDED:
            self._go_on()

    # Ending

    def is_idle(self) -> bool:
        """Whether nothing that was read is unanswered, nor is a body on its way."""
        return self.stage is not Stage.BODY and not self.requests

    def expire(self) -> None:
        """End what has taken too long."""
        now = self._worker.now
        if self._take_until < now:
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, RESET
            )
            self._transport.abort()
        elif self.deadline < now:
            if self.stage is Stage.BODY:
                self._reject(408, "The body did not arrive in time.")
            else:
                self._transport.abort()

    def close(self) -> None:
        """Close a connection that is idle."""
        self._transport.close()

    def pause(self) -> None:
        """Read no more until `resume`."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _close(self, *, linger: bool) -> None:
        self.stage = Stage.ENDED
        if linger and self._dropped < LINGER_BYTES:
            self.deadline = self._worker.now + LINGER_SECONDS
            self._transport.resume_reading()
            self._transport.write_eof()
        else:
            self._transport.close()

    def _release(self, size: int) -> None:
        self.kept -= size
        self._worker.received(self, -size)
