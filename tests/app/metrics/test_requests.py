"""Requests as GET /metrics shows them: by URL rule, in every case."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from model.classifier import Prediction

Scrape = Callable[[FlaskClient], Any]


def test_requests_are_counted_by_url_rule(client: FlaskClient, scrape: Scrape) -> None:
    """The route is the rule that matched, with the method and the status as they were."""
    client.get("/healthz")
    client.get("/healthz")
    client.post("/prediction", json={"text": "the goalie"})
    series = scrape(client)
    count = "http_requests_total"
    assert series.value(count, method="GET", route="/healthz", status="200") == 2
    assert series.value(count, method="POST", route="/prediction", status="200") == 1
    assert series.value("http_request_duration_seconds_count", route="/healthz") == 2


def test_errors_are_told_before_there_are_any(client: FlaskClient, scrape: Scrape) -> None:
    """A route that answered has its errors at 0, so that the first one is seen as an increase."""
    client.get("/healthz")
    series = scrape(client)
    assert series.value("http_requests_total", method="GET", route="/healthz", status="500") == 0


def test_paths_that_match_nothing_share_one_series(client: FlaskClient, scrape: Scrape) -> None:
    """A raw path, of which there may be any number, never becomes a label."""
    for path in ("/wp-login.php", "/admin", "/healthz/"):
        client.get(path)
    series = scrape(client)
    assert series.value("http_requests_total", method="GET", route="unmatched", status="404") == 3
    assert not any("wp-login" in text for _, labels in series for _, text in labels)


def test_unknown_methods_share_one_series(client: FlaskClient, scrape: Scrape) -> None:
    """A method is the client's free choice, so those that HTTP does not know are put together."""
    for method in ("BREW", "WHEN"):
        client.open("/healthz", method=method)
    series = scrape(client)
    assert series.value("http_requests_total", method="other", route="unmatched", status="405") == 2
    assert not series.names_with(method="BREW")


def test_durations_are_seconds(app: Flask, client: FlaskClient, scrape: Scrape) -> None:
    """What is observed is the time within the application, in seconds."""
    before = scrape(client)
    client.post("/prediction", json={"text": "the goalie"})
    after = scrape(client)
    name = "http_request_duration_seconds"
    assert before.value(f"{name}_sum", route="/prediction") is None
    assert 0 < (after.value(f"{name}_sum", route="/prediction") or 0) < 60
    bounds = [float(dict(labels)["le"]) for found, labels in after if found == f"{name}_bucket"]
    assert min(bounds) == 0.0001
    assert max(bound for bound in bounds if math.isfinite(bound)) == 1


def test_a_fault_is_counted(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, scrape: Scrape
) -> None:
    """A view that fails counts as 500."""

    def fail(text: str) -> Prediction:
        raise RuntimeError("broken")

    monkeypatch.setattr(app.extensions["services"].classifier, "predict", fail)
    assert client.post("/prediction", json={"text": "x"}).status_code == 500
    series = scrape(client)
    assert (
        series.value("http_requests_total", method="POST", route="/prediction", status="500") == 1
    )


def test_an_app_without_an_answer_is_counted_as_failed(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, scrape: Scrape
) -> None:
    """When even the error's answer fails, the server answers 500, and so it is counted."""

    def fail(error: Exception) -> None:
        raise error

    monkeypatch.setattr(app, "handle_user_exception", fail)
    monkeypatch.setattr(app, "handle_exception", fail)
    with pytest.raises(Exception, match="not found"):
        client.get("/nothing")
    monkeypatch.undo()
    series = scrape(client)
    assert series.value("http_requests_total", method="GET", route="unmatched", status="500") == 1
