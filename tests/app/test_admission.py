"""What a worker takes up, without a server."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gevent
import pytest
from gevent.pool import Pool
from gevent.socket import socket

from app.admission import refusal, refuse
from app.connections import Worker
from app.settings import Settings


def test_connection_accepted_last_is_served() -> None:
    """What was accepted before the listener closed is handled, and told the listener's address."""
    handled = []
    worker = Worker.__new__(Worker)
    worker.settings = Settings()
    worker.wsgi, worker.cfg = SimpleNamespace(extensions={}), SimpleNamespace(workers=1)
    worker.handle = lambda listener, client, address: handled.append(listener.getsockname())
    listener = socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    address = listener.getsockname()
    server = worker.server_class(listener, spawn=Pool(8))
    with socket() as client:
        server.do_handle(client, address)
        listener.close()
        gevent.sleep(0.01)
    assert handled == [address]


class Client:
    """A socket on which one thing goes wrong."""

    def __init__(self, **broken: Any) -> None:
        self.closed, self._broken = False, broken

    def __getattr__(self, name: str) -> Any:
        def call(*args: object) -> object:
            if isinstance(self._broken.get(name), Exception):
                raise self._broken[name]
            return b"POST "

        return call

    def close(self) -> None:
        """Remember it."""
        self.closed = True


@pytest.mark.parametrize("broken", ["recv", "send"])
def test_client_that_has_gone_counts_as_refused(broken: str) -> None:
    """A connection that breaks while it is refused is closed, and fails nothing."""
    client: Any = Client(**{broken: ConnectionResetError()})
    assert refuse(client)
    assert client.closed


def test_length_of_a_refusal_is_right() -> None:
    """The id takes the place of one that is as long."""
    head, _, body = refusal("a" * 32).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
    assert body.count(b"a" * 32) == head.count(b"a" * 32) == 1
