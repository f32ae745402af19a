"""A gunicorn worker that runs an event loop and calls the WSGI application between its reads.

A request does no input or output once it is whole, so it needs no thread of its own: connections
wait in the loop, whole requests in queues, and one callback answers a few of them at a time. What
the queues hold is known exactly, so a worker that has too much to do says so at once.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from collections import deque
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

from gunicorn.workers.base import Worker as BaseWorker

from server import wsgi
from server.protocol import Connection, Limits, Stage

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

READ = 65_536
TURN = 4
"""Requests answered between two looks at the connections: with one, each look costs its share of a
request; with many, a request that has just arrived waits longer."""
ACCEPTED = 8
"""Connections accepted at a time, so that the workers share a burst of them."""
SWEEP_SECONDS = 0.25
REST_SECONDS = 2.0
"""Seconds that a connection at rest gets, once the worker stops, for a request on its way."""
DESCRIPTORS = 65_536
RESERVE = 64
"""Of the file descriptors, those for everything but connections."""
LARGE = 65_536
"""Bytes of a body below which a connection is never paused: most requests are smaller."""


class Worker(BaseWorker):  # type: ignore[misc]  # gunicorn publishes no types
    """A worker whose connections have limits and deadlines, and which queues whole requests."""

    limits: Limits
    alive: bool
    most_waiting: int
    """Requests that may wait; a further POST is answered with 503."""
    most_kept = 64 * 2**20
    """Bytes of bodies over all connections, from which on no more is read of large ones."""

    def init_process(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.buffer = memoryview(bytearray(READ))
        self.connections: dict[Connection, None] = {}
        self._accepting: set[asyncio.Task[object]] = set()
        """Connections that are accepted, but not yet open."""
        self.now = self.loop.time()
        self.current: WSGIEnvironment | None = None
        """The request that is being answered."""
        self.report_waiting: Callable[[int], None] = lambda waiting: None
        self._rejected: deque[Connection] = deque()
        self._urgent: deque[Connection] = deque()
        self._waiting: deque[Connection] = deque()
        self._scheduled = False
        self._kept = 0
        self._paused: set[Connection] = set()
        self._stops_at = inf  # as long as no signal has come
        self._interrupts = 0
        super().init_process()

    def run(self) -> None:
        """Serve until a signal ends it."""
        self._most_connections = raise_descriptor_limit() - RESERVE
        name = self.sockets[0].sock.getsockname()
        host, port = (name[0], name[1]) if isinstance(name, tuple) else ("localhost", 80)
        self.environ = wsgi.base_environ(host, port)
        for number in (signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGINT):
            self.loop.add_signal_handler(number, self._stop, number)
        for listener in self.sockets:
            self.loop.add_reader(listener.sock, self._accept, listener.sock)
        self._sweep()
        self.loop.run_forever()
        self.loop.close()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTED):
            try:
                accepted, _address = listener.accept()
            except BlockingIOError:  # another worker was faster
                return
            except OSError as error:  # gone already, or the machine has no descriptor left
                self.log.warning("a connection was not accepted: %s", error.strerror)
                return
            connecting = self.loop.connect_accepted_socket(lambda: Connection(self), accepted)
            task = self.loop.create_task(connecting)
            self._accepting.add(task)
            task.add_done_callback(self._accepting.discard)

    # What connections use

    def opened(self, connection: Connection) -> None:
        """Know a new connection; at the limit the one that has been silent longest makes room."""
        if len(self.connections) >= self._most_connections:
            silent = (c for c in self.connections if c.is_idle())
            next(silent, connection).close()
        self.connections[connection] = None

    def closed(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self.connections.pop(connection, None)
        self._paused.discard(connection)

    def submit(self, connection: Connection) -> None:
        """Queue the first request of a connection; POSTs over the limit are to get their 503."""
        environ = connection.requests[0].environ
        if wsgi.ERROR in environ:
            self._rejected.append(connection)
        elif environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            self._urgent.append(connection)
        elif len(self._waiting) >= self.most_waiting:
            environ[wsgi.ERROR] = (503, None)
            self._rejected.append(connection)
        else:
            self._waiting.append(connection)
        if not self._scheduled:
            self._scheduled = True
            self.loop.call_soon(self._serve)

    def received(self, connection: Connection, size: int) -> None:
        """Account for bytes of bodies that are kept, or, below 0, are not kept any longer."""
        self._kept += size
        if self._kept > self.most_kept and size > 0:
            if connection.kept > LARGE:
                connection.pause()
                self._paused.add(connection)
        elif self._paused and self._kept <= self.most_kept:
            for paused in self._paused:
                paused.resume()
            self._paused.clear()

    # Answering

    def _serve(self) -> None:
        queues = ((self._rejected, READ), (self._urgent, TURN), (self._waiting, TURN))
        for queue, most in queues:
            for _ in range(min(most, len(queue))):
                self._answer(queue.popleft())
        self._scheduled = any(queue for queue, _ in queues)
        if self._scheduled:
            self.loop.call_soon(self._serve)

    def _answer(self, connection: Connection) -> None:
        if not connection.requests:  # the client has gone
            return
        request = connection.requests[0]
        self.current = request.environ
        try:
            answer = wsgi.call(self.wsgi, request.environ, request.body)
        except Exception as error:
            # Its message could quote the request.
            self.log.error("the application failed with %s", type(error).__qualname__)
            answer = ("500 Internal Server Error", [], b"")
        self.current = None
        connection.answer(*answer)

    # Time

    def _sweep(self) -> None:
        """Show that the worker is alive, end what has taken too long, and go on stopping."""
        self.notify()
        self.now = self.loop.time()
        self.report_waiting(len(self._waiting) + len(self._urgent))
        rested = self.now >= self._stops_at + REST_SECONDS
        for connection in list(self.connections):
            if rested and (connection.is_idle() or connection.stage is Stage.ENDED):
                connection.close()
            else:
                connection.expire()
        if self.ppid != os.getppid():
            self._stop(signal.SIGTERM)
        if self.alive or self.connections or self._accepting:
            self.loop.call_later(SWEEP_SECONDS, self._sweep)
        else:
            self.loop.stop()

    def _stop(self, number: int) -> None:
        """Accept no more, answer what is read or being read, then end."""
        if number == signal.SIGINT:
            self._interrupts += 1
            if self._interrupts > 1:  # nobody wants to wait any longer
                self.loop.stop()
        if not self.alive:
            return
        self.alive = False
        self._stops_at = self.loop.time()
        for listener in self.sockets:
            self.loop.remove_reader(listener.sock)
            listener.sock.close()


def raise_descriptor_limit() -> int:
    """Raise the soft limit of open files as far as is sensible and allowed; return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, DESCRIPTORS)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return DESCRIPTORS if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted
