"""GET /healthz and /readyz, with and without a worker around the application."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient


def test_healthz_is_ok(client: FlaskClient) -> None:
    """A process that answers is alive."""
    assert client.get("/healthz").get_json() == {"status": "ok"}


def test_readyz_without_a_worker(client: FlaskClient) -> None:
    """An application is ready from its making on."""
    assert client.get("/readyz").get_json() == {"status": "ready"}


def test_readyz_follows_the_worker(app: Flask, client: FlaskClient) -> None:
    """Once its worker is to end, the process is alive but no longer ready."""
    worker = app.extensions["worker"] = SimpleNamespace(alive=True)
    assert client.get("/readyz").status_code == 200
    worker.alive = False
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "1"
    assert response.get_json()["type"] == "/docs#not-ready"
    assert client.get("/healthz").status_code == 200


def test_probes_do_not_ask_the_model(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither probe touches the classifier."""

    def fail(*args: object) -> None:
        raise AssertionError("the classifier is asked")

    for name in ("predict", "predict_many", "explain"):
        monkeypatch.setattr(app.extensions["services"].classifier, name, fail)
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
