"""Which connections a worker takes up, and which it refuses because it is behind.

May import the problems and the listener's queue of ours. A worker that is behind tells whom it
cannot serve soon, instead of letting them wait for seconds; and it does so for little, or those it
serves would pay for it: with twice the requests that a worker can answer there is one refusal for
each answer. Answered by Flask a refusal would cost half a prediction (the constant view of
`make benchmark`); here it comes before gunicorn has made a greenlet or read a header, and
`python -m chaos overload` shows what is left of the peak.
"""

from __future__ import annotations

import _socket
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from gevent.server import StreamServer
from gevent.socket import socket as GeventSocket  # noqa: N812  # a class of a small name

from app.listening import waiting
from app.problems import MEDIA_TYPE, TYPES, anchor

TITLE = "Overloaded"
READ = 65_536
KEPT_FREE = 64
"""Of `worker_connections`, those for what is never refused. With none left gevent stops to accept,
and whoever comes then is neither served nor told."""


def refusal(request_id: str) -> bytes:
    """The whole answer to a request that is refused unread."""
    return REFUSAL.replace(b"ID" * 16, request_id.encode())


@dataclass(frozen=True)
class Address:
    """What gunicorn's handler needs of a listener."""

    name: Any

    def getsockname(self) -> Any:
        """Return the address that the listener is, or was, bound to."""
        return self.name


class Admission(StreamServer):  # type: ignore[misc]  # gevent publishes none, either
    """Accepts connections for as long as at most so many requests wait in this worker.

    Those that wait are of two kinds: connections accepted whose turn has not come, and connections
    kept alive that have a request ready. The event loop knows the second: they are the events that
    are pending when the listener's own, which is made to come first, is dealt with.
    """

    _watcher: Any

    def __init__(
        self,
        listener: Any,
        handle: Callable[[Any, Any], None],
        spawn: Any,
        count: Callable[[], None],
        *,
        workers: int,
        most: int,
    ) -> None:
        self._serve, self._count, self._workers, self._most = handle, count, workers, most
        self._new = 0
        super().__init__(listener, handle=self._begin, spawn=spawn)

    def start_accepting(self) -> None:
        """As gevent does it, but ahead of all other events."""
        if self._watcher is None:
            self._watcher = self.loop.io(self.socket.fileno(), 1, priority=self.loop.MAXPRI)
            self._watcher.start(self._do_read)

    @property
    def max_accept(self) -> int:
        """How many to accept at a time: this worker's share of those that wait.

        One at a time, as gunicorn has it, spreads connections over the workers; but with many kept
        alive a turn of the loop takes long, and those that wait would not get in.
        """
        return 1 + waiting(self.socket) // self._workers if self.started else 1

    def do_read(self) -> tuple[Any, Any] | None:
        """Accept a connection that is to be served, refusing any before it; None without one."""
        for _ in range(self.max_accept):
            if not self._behind():
                break
            try:
                number, address = self.socket._accept()
            except BlockingIOError:
                return None
            # The interpreter's bare socket: gevent's own costs a third of a refusal to make.
            accepted = _socket.socket(fileno=number)
            if not refuse(accepted):
                family, kind, protocol = accepted.family, accepted.type, accepted.proto
                return GeventSocket(family, kind, protocol, fileno=accepted.detach()), address
            self._count()
        else:
            return None
        return super().do_read()  # type: ignore[no-any-return]

    def _behind(self) -> bool:
        waiting: int = self._new + self.loop.pendingcnt
        return waiting >= self._most or bool(self.pool.free_count() <= KEPT_FREE)

    def do_handle(self, *connection: Any) -> None:
        """Give a connection a greenlet, which gets its turn after those that wait already."""
        self._new += 1
        super().do_handle(*connection)

    def _begin(self, client: Any, address: Any) -> None:
        self._new -= 1
        self._serve(client, address)


def refuse(client: _socket.socket) -> bool:
    """Answer a connection with 503 and close it; False where it is to be served all the same.

    That is any request but a POST: probes and scrapes, whose answers are needed most when there is
    too much to do; and a connection on which nothing has arrived yet.
    """
    client.setblocking(False)
    try:
        if client.recv(5, socket.MSG_PEEK) != b"POST ":
            return False
        # Unread bytes would make the kernel reset the connection, which may cost the client the
        # answer. So it may with a body that is longer than this, or still on its way.
        client.recv(READ)
        # With the end of the connection in the same packet, a third of the cost is saved.
        client.send(refusal(os.urandom(16).hex()), socket.MSG_MORE)
    except BlockingIOError:
        return False
    except OSError:  # the client has gone
        pass
    client.close()
    return True


def count_nothing() -> None:
    """For an application that does not count refusals."""


def _refusal() -> bytes:
    request_id = "ID" * 16
    problem = {
        "type": f"/docs#{anchor(TITLE)}",
        "title": TITLE,
        "status": 503,
        "detail": TYPES[TITLE],
        "instance": f"urn:request:{request_id}",
    }
    body = msgspec.json.encode(problem) + b"\n"
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nServer: gunicorn\r\nConnection: close\r\n"
        f"Retry-After: 1\r\nContent-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n"
        f"X-Request-ID: {request_id}\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode() + body


REFUSAL = _refusal()
