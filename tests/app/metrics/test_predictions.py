"""Predictions as GET /metrics shows them, and the requests for one that were not valid."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry

from app.metrics.predictions import PredictionMetrics
from model.classifier import Classifier, Prediction

Scrape = Callable[[FlaskClient], Any]


def test_a_prediction_is_counted_and_described(
    client: FlaskClient, classifier: Classifier, scrape: Scrape
) -> None:
    """Label, confidence, length in characters and share of known terms of each prediction."""
    text = "The goalie stopped the puck, naïve zzyzx."
    expected = classifier.predict(text)
    client.post("/prediction", json={"text": text})
    client.post("/predict", json={"text": text})
    series = scrape(client)
    assert series.value("predictions_total", label=expected.label) == 2
    assert series.value("text_length_characters_sum") == 2 * len(text)
    assert series.value("prediction_confidence_sum") == pytest.approx(2 * expected.probability)
    assert series.value("known_words_ratio_sum") == pytest.approx(2 * expected.known_share)
    assert 0 < expected.known_share < 1


def test_an_untold_share_of_known_words_is_left_out() -> None:
    """A model that does not know its words says NaN, which would spoil the sum for ever."""
    registry = CollectorRegistry()
    unknown = Prediction("hockey", 0.9, np.zeros(6, dtype=np.float32), math.nan)
    PredictionMetrics(("hockey",), registry).observe_prediction(unknown, 10)
    assert registry.get_sample_value("predictions_total", {"label": "hockey"}) == 1
    assert registry.get_sample_value("known_words_ratio_count") == 0
    assert registry.get_sample_value("known_words_ratio_sum") == 0


def test_probes_and_scrapes_are_no_predictions(client: FlaskClient, scrape: Scrape) -> None:
    """Whatever asks for health or metrics leaves the metrics of predictions alone."""
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)
    series = scrape(client)
    assert series.value("text_length_characters_count") == 0
    assert sum(found for (name, _), found in series.items() if name == "predictions_total") == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"\xff", "encoding"),
        (b'{"text": "x", "y": ' + b"[" * 100_000, "nesting"),
        (b'{"text": ', "syntax"),
        (b'{"txt": "x"}', "schema"),
        (b'{"text": " "}', "blank"),
    ],
)
def test_refused_requests_are_counted_by_reason(
    client: FlaskClient, body: bytes, reason: str, scrape: Scrape
) -> None:
    """A request that is not valid is answered as the contract says, and counted by its reason."""
    response = client.post("/prediction", data=body)
    assert response.status_code == 405
    assert response.mimetype == "application/problem+json"
    failures = {
        dict(labels)["reason"]: found
        for (name, labels), found in scrape(client).items()
        if name == "validation_failures_total"
    }
    assert {name for name, found in failures.items() if found} == {reason}


def test_series_exist_before_anything_happened(
    client: FlaskClient, classifier: Classifier, scrape: Scrape
) -> None:
    """Labels and reasons start at 0, without which the first increase would not be seen."""
    series = scrape(client)
    for label in classifier.labels:
        assert series.value("predictions_total", label=label) == 0
    assert series.value("validation_failures_total", reason="blank") == 0
