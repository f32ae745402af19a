"""Trials of the service in small: what they promise holds, and they see it when it does not."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from chaos import planned_change, worker_death
from chaos.service import serving, workers


def test_deaths_cost_what_was_held() -> None:
    """Two workers killed under load: every promise is kept."""
    found = worker_death.trial(kills=2)
    assert [one.met for one in found] == [True] * 3, found


def test_loss_beyond_what_was_held_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a worker is said to have held nothing, the requests it took along are too many."""
    monkeypatch.setattr(worker_death, "connections", lambda pid, port: -1)
    assert not worker_death.trial(kills=1)[0].met


def test_connections_of_a_process_are_counted() -> None:
    """Those that it accepted, not those that others have to the same port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        accepted = [listener.accept()[0] for _ in clients]
        assert worker_death.connections(os.getpid(), port) == 3
        for each in clients + accepted:
            each.close()


def test_reload_loses_nothing_and_switches() -> None:
    """Five reloads under load: no request fails, and none is answered by an earlier model."""
    seen, outcomes = planned_change.reload(500)
    assert planned_change.failures(seen) == []
    assert [one.met for one in outcomes] == [True], outcomes


def test_model_that_is_not_switched_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new artifact is the old one, the answers after the switch show it."""
    real = planned_change.train
    monkeypatch.setattr(planned_change, "train", lambda folder, generation: real(folder, 0))
    _, (outcome,) = planned_change.reload(200)
    assert not outcome.met


def test_requests_that_fail_are_seen() -> None:
    """A client's request to a server that ends at once is a failure with its reason."""
    with serving(workers=1) as server, planned_change.asking(server.port, 2) as seen:
        planned_change.await_requests(seen, 10)
        for pid in [*workers(server), server.pid]:
            os.kill(pid, signal.SIGKILL)
        before = len(seen)
        planned_change.await_requests(seen, before + 10)
    reasons = {one.failure for one in planned_change.failures(seen)}
    assert "ConnectionRefusedError" in reasons
