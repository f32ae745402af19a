"""The access log: off by default, a line a request when on, faults always."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from flask import Flask

NAME = "app.middleware"


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what the access log has written."""
    return [record for record in caplog.records if record.name == NAME]


@pytest.fixture(autouse=True)
def _at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")


def test_success_is_not_logged_by_default(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    """A request that went well leaves no line, nor does one that was refused."""
    client = make_app().test_client()
    client.post("/prediction", json={"text": "puck"})
    client.post("/prediction")
    assert lines(caplog) == []


def test_every_request_is_logged_when_told_to(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    """The line shows method, route, status, milliseconds, size and label."""
    client = make_app(access_log=True).test_client()
    client.post("/prediction?scores=1", data=b'{"text":"puck"}')
    (line,) = lines(caplog)
    assert line.levelno == logging.INFO
    reported = vars(line)
    assert reported["duration_ms"] >= 0
    names = ("method", "route", "status", "bytes_in", "label")
    assert [reported[name] for name in names] == ["POST", "/prediction", 200, 15, "hockey"]


def test_route_is_not_the_raw_path(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    """What a client writes into a path does not enter the log."""
    client = make_app(access_log=True).test_client()
    client.get("/static/puck")
    client.get("/puck")
    assert [vars(line)["route"] for line in lines(caplog)] == ["/static/<path:filename>", None]


def test_fault_is_always_logged(
    make_app: Callable[..., Flask], caplog: pytest.LogCaptureFixture
) -> None:
    """A 5xx leaves a line even when the access log is off."""
    app = make_app()
    app.extensions["worker"] = SimpleNamespace(alive=False)
    app.test_client().get("/readyz")
    (line,) = lines(caplog)
    assert (line.levelno, vars(line)["status"]) == (logging.ERROR, 503)
