"""The trial of slow clients, with few of each kind."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from chaos import slow_clients
from chaos.crowd import Client, Kind


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clients of each kind, and a second for each of them."""
    kinds = {kind: replace(kind, clients=2) for kind in slow_clients.KINDS}
    bodies = tuple(kinds[kind] for kind in slow_clients.BODIES)
    monkeypatch.setattr(slow_clients, "BODIES", bodies)
    monkeypatch.setattr(slow_clients, "LINGERING", kinds[slow_clients.LINGERING])
    monkeypatch.setattr(slow_clients, "KINDS", tuple(kinds.values()))
    monkeypatch.setattr(slow_clients, "CLIENT_TIMEOUT", 1)


@pytest.mark.usefixtures("few")
def test_every_kind_is_closed() -> None:
    """The service ends the connections of all kinds, each with the answer that it is due."""
    honest, *kinds, quiet = slow_clients.trial()
    assert honest.seen.startswith("0 of ")
    assert [outcome.seen for outcome in (*kinds, quiet) if not outcome.met] == []
    assert len(kinds) == 7


@pytest.mark.parametrize(
    ("lived", "answer"),
    [(None, b"HTTP/1.1 408 x"), (99.0, b"HTTP/1.1 408 x"), (1.0, b"HTTP/1.1 500 x"), (1.0, b"")],
    ids=["open", "late", "fault", "silent"],
)
def test_what_is_not_kept_is_told(lived: float | None, answer: bytes) -> None:
    """A connection that stays, ends late or gets another answer is not what was promised."""
    kind: Kind = slow_clients.HALF_BODY
    with socket.socket() as connection:
        client = Client(kind, connection, 0.0, answer=bytearray(answer), lived=lived)
        assert not slow_clients._closed(kind, [client]).met
        client.lived, client.answer = 1.0, bytearray(b"HTTP/1.1 408 x")
        assert slow_clients._closed(kind, [client]).met
