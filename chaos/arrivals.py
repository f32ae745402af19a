"""Requests that arrive at a fixed rate whatever the server does, as those of many clients do.

A request takes a connection that is kept and idle, or opens one: no request waits for the answer of
another. One thread and plain sockets, because a client that takes longer for a request than the
server does could not overload it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import re
import select
import socket
import time
from collections import Counter, deque
from collections.abc import Sequence

import msgspec

PATIENCE = 10.0
"""Seconds after which a request without an answer counts as hung."""
HUNG = "hung"

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
LAST = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)
RETRY_AFTER = re.compile(rb"\r\nretry-after: *\d+\r", re.IGNORECASE)


class Answer(msgspec.Struct, frozen=True):
    """What became of a request."""

    due: float
    """Seconds after the first request."""
    wait: float
    """Seconds from then to the end of the answer."""
    outcome: str
    """The status, or what came in its place."""


def counts(answers: Sequence[Answer]) -> Counter[str]:
    """Return how often there was each outcome."""
    return Counter(answer.outcome for answer in answers)


class Arrivals:
    """Sends requests over as many connections as it takes."""

    def __init__(self, port: int, requests: Sequence[bytes], *, keep: bool) -> None:
        """Send these requests, heads and all, in turns; keep connections, or one for each."""
        self._port, self._requests, self._keep = port, itertools.cycle(requests), keep
        self._poll = select.epoll()
        self._connections: dict[int, _Connection] = {}
        self._idle: list[_Connection] = []
        self._start = self._looked = 0.0

    def run(self, rate: float, seconds: float) -> list[Answer]:
        """Send at this rate for some seconds; return what became of each, when all is known."""
        answers: list[Answer] = []
        due = deque(number / rate for number in range(int(rate * seconds)))
        self._start = time.perf_counter()
        while due or self._under_way:
            now = self._now()
            while due and due[0] <= now:
                self._send(due.popleft(), answers)
            self._receive(max(0.0, due[0] - now) if due else 0.1, answers)
        return answers

    def saturate(self, clients: int, seconds: float) -> list[Answer]:
        """Send as much as so many clients can that wait for each answer; return all answers."""
        answers: list[Answer] = []
        self._start = time.perf_counter()
        while (now := self._now()) < seconds or self._under_way:
            while now < seconds and self._under_way < clients:
                self._send(now, answers)
            self._receive(0.1, answers)
        return answers

    def close(self) -> None:
        """Close all connections."""
        for connection in list(self._connections.values()):
            self._drop(connection)
        self._idle.clear()
        self._poll.close()

    @property
    def _under_way(self) -> int:
        return len(self._connections) - len(self._idle)

    def _now(self) -> float:
        return time.perf_counter() - self._start

    def _send(self, due: float, answers: list[Answer]) -> None:
        connection = self._idle.pop() if self._idle else self._open()
        connection.due, connection.request = due, next(self._requests)
        self._proceed(connection, select.EPOLLOUT, answers)

    def _open(self) -> _Connection:
        connection = _Connection(self._port)
        self._connections[connection.socket.fileno()] = connection
        self._poll.register(connection.socket, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
        return connection

    def _receive(self, seconds: float, answers: list[Answer]) -> None:
        for number, events in self._poll.poll(seconds):
            if number in self._connections:  # or it was dropped for another event
                self._proceed(self._connections[number], events, answers)
        if self._now() > self._looked + 0.5 or self._now() < self._looked:
            self._looked = self._now()
            self._give_up(self._looked - PATIENCE, answers)

    def _proceed(self, connection: _Connection, events: int, answers: list[Answer]) -> None:
        try:
            outcome = connection.proceed(events)
        except OSError as error:
            outcome = errno.errorcode.get(error.errno or 0, type(error).__name__)
            connection.last = True
        if outcome:
            self._end(connection, outcome, answers)

    def _end(self, connection: _Connection, outcome: str, answers: list[Answer]) -> None:
        if connection.due is None:  # the server closed a connection that was idle
            self._idle.remove(connection)
        else:
            answers.append(Answer(connection.due, self._now() - connection.due, outcome))
        connection.due = None
        if connection.last or not self._keep:
            self._drop(connection)
        else:
            self._idle.append(connection)

    def _drop(self, connection: _Connection) -> None:
        del self._connections[connection.socket.fileno()]
        connection.socket.close()

    def _give_up(self, before: float, answers: list[Answer]) -> None:
        """Drop what has waited for too long."""
        for connection in list(self._connections.values()):
            if connection.due is not None and connection.due < before:
                connection.last = True
                self._end(connection, HUNG, answers)


class _Connection:
    """A connection and the request that is under way on it."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex(("127.0.0.1", port))
        self.due: float | None = None
        self.request = b""
        self.last = False
        self._received = b""

    def proceed(self, events: int) -> str | None:
        """Send and receive what can be; the outcome once it is there. Raises OSError."""
        if self.request:
            with contextlib.suppress(BlockingIOError):
                self.request = self.request[self.socket.send(self.request) :]
        if events & ~select.EPOLLOUT:
            return self._take(self.socket.recv(65_536))
        return None

    def _take(self, part: bytes) -> str | None:
        """Add what was received; the outcome once the answer is whole."""
        if not part:
            self.last = True
            return "closed"
        self._received += part
        head, end, body = self._received.partition(b"\r\n\r\n")
        length = LENGTH.search(head + b"\r\n")
        if not end or not length or len(body) < int(length[1]):
            return None
        self._received, self.last = b"", bool(LAST.search(head))
        outcome = head[9:12].decode()
        if outcome == "503" and not RETRY_AFTER.search(head + b"\r"):
            return "503 without Retry-After"
        return outcome
