"""An application around the small model, and what a scrape of its metrics finds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from app.config import Config
from model.classifier import Classifier, load_classifier


class Series(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """The value of each series by its name and labels."""

    def value(self, name: str, **labels: str) -> float | None:
        """The value of one series; None where there is no such series."""
        return self.get((name, frozenset(labels.items())))

    def names_with(self, **labels: str) -> set[str]:
        """Names of the series that carry these labels."""
        return {name for name, found in self if labels.items() <= dict(found).items()}


@pytest.fixture
def scrape() -> Callable[[FlaskClient], Series]:
    """A function that reads every series of a client's GET /metrics."""

    def read(client: FlaskClient) -> Series:
        text = client.get("/metrics").get_data(as_text=True)
        return Series(
            ((sample.name, frozenset(sample.labels.items())), sample.value)
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        )

    return read


@pytest.fixture(scope="module")
def classifier(small_artifact: Path) -> Classifier:
    """The small model."""
    return load_classifier(small_artifact)


@pytest.fixture
def app(classifier: Classifier) -> Flask:
    """An application of the test's own."""
    return create_app(Config(), classifier)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of that application."""
    return app.test_client()
