"""Clients that hold on to connections in many ways, all of them in one thread."""

from __future__ import annotations

import random
import select
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from chaos.rawhttp import connect, status

DRIP_SECONDS = 1.0
# All at once would be a flood, whose requests have to be served one after the other.
ARRIVAL_SECONDS = 0.005
SMALL_BUFFER = 2048


@dataclass(frozen=True)
class Kind:
    """A way to misbehave: what is sent at once, what a byte a second, whether answers are read."""

    name: str
    clients: int
    at_once: bytes
    drip: bytes = b""
    reads: bool = True


@dataclass
class Client:
    """One connection: how much of its drip is sent, what it was answered, and how long it lived."""

    kind: Kind
    connection: socket.socket
    started: float
    dripped: int = 0
    answer: bytearray = field(default_factory=bytearray)
    lived: float | None = None
    """Seconds until the server closed the connection; None while it is open."""

    @property
    def status(self) -> int:
        """The status that it was answered with; 0 when there was no answer."""
        return status(bytes(self.answer))


class Crowd:
    """Misbehaving clients of several kinds, who come one after the other and stay together."""

    def __init__(self, port: int, kinds: Sequence[Kind]) -> None:
        self._port = port
        self._to_come = [kind for kind in kinds for _ in range(kind.clients)]
        random.Random(0).shuffle(self._to_come)
        self.clients: list[Client] = []
        self._by_descriptor: dict[int, Client] = {}
        self._poll = select.poll()
        self._ended = threading.Event()

    def of(self, kind: Kind) -> list[Client]:
        """The clients of a kind."""
        return [client for client in self.clients if client.kind is kind]

    def all_closed(self) -> bool:
        """Whether all have come, and the server has closed every connection."""
        return not self._to_come and all(client.lived is not None for client in self.clients)

    @contextmanager
    def misbehaving(self) -> Iterator[None]:
        """Let them come and go on in a thread; in the end all hang up."""
        thread = threading.Thread(target=self._go_on)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()
            for client in self.clients:
                client.connection.close()

    def _go_on(self) -> None:
        next_drip = time.monotonic()
        while not self._ended.is_set():
            if self._to_come:
                self._open(self._to_come[-1])
                self._to_come.pop()
            if time.monotonic() >= next_drip:
                next_drip += DRIP_SECONDS
                self._drip()
            for descriptor, _ in self._poll.poll(1000 * ARRIVAL_SECONDS):
                self._look(self._by_descriptor[descriptor])

    def _open(self, kind: Kind) -> None:
        connection = connect(self._port, receive_buffer=0 if kind.reads else SMALL_BUFFER)
        with suppress(BlockingIOError):  # more than fits is as good as what fits
            connection.send(kind.at_once, socket.MSG_DONTWAIT)
        client = Client(kind, connection, time.monotonic())
        self.clients.append(client)
        self._by_descriptor[connection.fileno()] = client
        self._poll.register(connection, select.POLLRDHUP | (select.POLLIN if kind.reads else 0))

    def _drip(self) -> None:
        for client in self.clients:
            if client.lived is None and client.dripped < len(client.kind.drip):
                try:
                    client.connection.send(
                        client.kind.drip[client.dripped : client.dripped + 1], socket.MSG_DONTWAIT
                    )
                except OSError:
                    self._close(client)
                client.dripped += 1

    def _look(self, client: Client) -> None:
        """Read what there is; without reading, an event can only be the connection's end."""
        if client.kind.reads:
            try:
                part = client.connection.recv(65_536, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:
                part = b""
            client.answer += part
            if part:
                return
        self._close(client)

    def _close(self, client: Client) -> None:
        # The descriptor stays open: a client that hangs up, too, would be a polite one.
        if client.lived is None:
            client.lived = time.monotonic() - client.started
            self._poll.unregister(client.connection)
