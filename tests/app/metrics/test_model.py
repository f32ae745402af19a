"""The model as GET /metrics shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from model.classifier import Classifier

Scrape = Callable[[FlaskClient], Any]


def test_the_model_is_identified(
    client: FlaskClient, classifier: Classifier, scrape: Scrape
) -> None:
    """One series names the version and the date; the shares of the training labels add up to 1."""
    series = scrape(client)
    manifest = classifier.manifest
    identity = {"version": manifest.version, "trained_at": manifest.trained_at}
    assert series.value("model_info", **identity) == 1
    shares = [found for (name, _), found in series.items() if name == "model_training_label_share"]
    assert len(shares) == 6
    assert sum(shares) == pytest.approx(1)
