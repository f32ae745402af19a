"""GET /metrics of one application outside of gunicorn: what is counted, and under which names."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from app import create_app
from app.settings import Settings
from model.classifier import Classifier, Prediction, load_classifier

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture(scope="module")
def classifier(small_artifact: Path) -> Classifier:
    """The small model."""
    return load_classifier(small_artifact)


@pytest.fixture
def app(classifier: Classifier) -> Flask:
    """An application of the test's own."""
    return create_app(Settings(), classifier)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of that application."""
    return app.test_client()


def scrape(client: FlaskClient) -> Series:
    """Read every series of GET /metrics."""
    text = client.get("/metrics").get_data(as_text=True)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(series: Series, name: str, **labels: str) -> float | None:
    """The value of one series; None where there is no such series."""
    return series.get((name, frozenset(labels.items())))


def names_with(series: Series, **labels: str) -> set[str]:
    """Names of the series that carry these labels."""
    return {name for name, found in series if labels.items() <= dict(found).items()}


def test_requests_are_counted_by_url_rule(client: FlaskClient) -> None:
    """The route is the rule that matched, with the method and the status as they were."""
    client.get("/healthz")
    client.get("/healthz")
    client.post("/prediction", json={"text": "the goalie"})
    series = scrape(client)
    count = "http_requests_total"
    assert value(series, count, method="GET", route="/healthz", status="200") == 2
    assert value(series, count, method="POST", route="/prediction", status="200") == 1
    assert value(series, "http_request_duration_seconds_count", route="/healthz") == 2


def test_errors_are_told_before_there_are_any(client: FlaskClient) -> None:
    """A route that answered has its errors at 0, so that the first one is seen as an increase."""
    client.get("/healthz")
    series = scrape(client)
    assert value(series, "http_requests_total", method="GET", route="/healthz", status="500") == 0


def test_paths_that_match_nothing_share_one_series(client: FlaskClient) -> None:
    """A raw path, of which there may be any number, never becomes a label."""
    for path in ("/wp-login.php", "/admin", "/healthz/"):
        client.get(path)
    series = scrape(client)
    assert value(series, "http_requests_total", method="GET", route="unmatched", status="404") == 3
    assert not any("wp-login" in text for _, labels in series for _, text in labels)


def test_unknown_methods_share_one_series(client: FlaskClient) -> None:
    """A method is the client's free choice, so those that HTTP does not know are put together."""
    for method in ("BREW", "WHEN"):
        client.open("/healthz", method=method)
    series = scrape(client)
    assert (
        value(series, "http_requests_total", method="other", route="unmatched", status="405") == 2
    )
    assert not names_with(series, method="BREW")


def test_durations_are_seconds(app: Flask, client: FlaskClient) -> None:
    """What is observed is the time within the application, in seconds."""
    before = scrape(client)
    client.post("/prediction", json={"text": "the goalie"})
    after = scrape(client)
    name = "http_request_duration_seconds"
    assert value(before, f"{name}_sum", route="/prediction") is None
    assert 0 < (value(after, f"{name}_sum", route="/prediction") or 0) < 60
    bounds = [float(dict(labels)["le"]) for found, labels in after if found == f"{name}_bucket"]
    assert min(bounds) == 0.0001
    assert max(bound for bound in bounds if math.isfinite(bound)) == 1


def test_a_fault_is_counted_and_leaves_nothing_in_flight(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A view that fails counts as 500; afterwards only the scrape itself is under way."""

    def fail(text: str) -> Prediction:
        raise RuntimeError("broken")

    monkeypatch.setattr(app.extensions["classifier"], "predict", fail)
    assert client.post("/prediction", json={"text": "x"}).status_code == 500
    series = scrape(client)
    assert (
        value(series, "http_requests_total", method="POST", route="/prediction", status="500") == 1
    )
    assert value(series, "http_requests_in_flight") == 1


def test_an_app_without_an_answer_is_counted_as_failed(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
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
    assert value(series, "http_requests_total", method="GET", route="unmatched", status="500") == 1
    assert value(series, "http_requests_in_flight") == 1


def test_a_prediction_is_counted_and_described(client: FlaskClient, classifier: Classifier) -> None:
    """Label, confidence, length in characters and share of known terms of each prediction."""
    text = "The goalie stopped the puck, naïve zzyzx."
    expected = classifier.predict(text)
    client.post("/prediction", json={"text": text})
    client.post("/predict", json={"text": text})
    series = scrape(client)
    assert value(series, "predictions_total", label=expected.label) == 2
    assert value(series, "text_length_characters_sum") == 2 * len(text)
    assert value(series, "prediction_confidence_sum") == pytest.approx(2 * expected.probability)
    assert value(series, "known_words_ratio_sum") == pytest.approx(2 * expected.known_share)
    assert 0 < expected.known_share < 1


def test_an_untold_share_of_known_words_is_left_out(app: Flask, client: FlaskClient) -> None:
    """A model that cannot tell known words says NaN, which would spoil the sum for ever."""
    unknown = Prediction("hockey", 0.9, np.zeros(6, dtype=np.float32), math.nan)
    app.extensions["metrics"].observe_prediction(unknown, 10)
    series = scrape(client)
    assert value(series, "predictions_total", label="hockey") == 1
    assert value(series, "known_words_ratio_count") == 0
    assert value(series, "known_words_ratio_sum") == 0


def test_probes_and_scrapes_are_no_predictions(client: FlaskClient) -> None:
    """Whatever asks for health or metrics leaves the metrics of predictions alone."""
    for path in ("/healthz", "/readyz", "/metrics"):
        client.get(path)
    series = scrape(client)
    assert value(series, "text_length_characters_count") == 0
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
    client: FlaskClient, body: bytes, reason: str
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


def test_series_exist_before_anything_happened(client: FlaskClient, classifier: Classifier) -> None:
    """Labels and reasons start at 0, without which the first increase would not be seen."""
    series = scrape(client)
    for label in classifier.labels:
        assert value(series, "predictions_total", label=label) == 0
    assert value(series, "validation_failures_total", reason="blank") == 0


def test_the_model_is_identified(client: FlaskClient, classifier: Classifier) -> None:
    """One series names the version and the date; the shares of the training labels add up to 1."""
    series = scrape(client)
    manifest = classifier.manifest
    identity = {"version": manifest.version, "trained_at": manifest.trained_at}
    assert value(series, "model_info", **identity) == 1
    shares = [found for (name, _), found in series.items() if name == "model_training_label_share"]
    assert len(shares) == 6
    assert sum(shares) == pytest.approx(1)


def test_each_app_counts_for_itself(classifier: Classifier) -> None:
    """Two applications in one process do not see each other's requests."""
    first, second = (create_app(Settings(), classifier).test_client() for _ in range(2))
    first.get("/healthz")
    assert not names_with(scrape(second), route="/healthz")
    assert names_with(scrape(first), route="/healthz")


def test_openmetrics_is_given_to_those_who_ask(client: FlaskClient) -> None:
    """The format follows the Accept header; plain text is the default."""
    plain = client.get("/metrics")
    asked = client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert plain.mimetype == "text/plain"
    assert asked.mimetype == "application/openmetrics-text"
    assert asked.get_data(as_text=True).endswith("# EOF\n")
