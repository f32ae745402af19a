"""GET /metrics of an application outside of gunicorn: whose counts, and in which format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from model.classifier import Classifier

Scrape = Callable[[FlaskClient], Any]


def test_each_app_counts_for_itself(classifier: Classifier, scrape: Scrape) -> None:
    """Two applications in one process do not see each other's requests."""
    first, second = (create_app(Config(), classifier).test_client() for _ in range(2))
    first.get("/healthz")
    assert not scrape(second).names_with(route="/healthz")
    assert scrape(first).names_with(route="/healthz")


def test_openmetrics_is_given_to_those_who_ask(client: FlaskClient) -> None:
    """The format follows the Accept header; plain text is the default."""
    plain = client.get("/metrics")
    asked = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert plain.mimetype == "text/plain"
    assert asked.mimetype == "application/openmetrics-text"
    assert asked.get_data(as_text=True).endswith("# EOF\n")
