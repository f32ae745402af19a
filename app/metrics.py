"""What the service counts, and GET /metrics, which tells it to Prometheus.

May import the other metrics of ours, the problems and the workers, and the classifier's types.
Every prediction pays for this module: the children of the metrics are looked up once and kept.
"""

from __future__ import annotations

from flask import Flask, Response
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_flask_exporter import PrometheusMetrics

from app import problems, workers
from app.modelmetrics import ModelCollector
from app.problems import REASONS, Refused
from app.processes import ProcessCollector
from app.requestmeter import RequestMeter
from model.classifier import Classifier, Prediction

TENTHS = tuple(n / 10 for n in range(1, 11))
CHARACTERS = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)


class Exporter(PrometheusMetrics):  # type: ignore[misc]  # the library publishes no types
    """GET /metrics of one registry, with what is only computed at the scrape.

    The library's own default metrics stay off: they cost a request several times what ours do.
    """

    def generate_metrics(
        self, accept_header: str | None = None, names: list[str] | None = None
    ) -> tuple[str, str]:
        """Return the exposition, always whole, and its media type."""
        encode, content_type = choose_encoder(accept_header or "")
        return encode(self.registry).decode(), content_type


class PredictionMetrics:
    """Counts of predictions, and of requests for one that were refused."""

    def __init__(self, labels: tuple[str, ...], registry: CollectorRegistry | None) -> None:
        predictions = Counter(
            "predictions", "Predictions made, by label.", ["label"], registry=registry
        )
        failures = Counter(
            "validation_failures",
            "Requests for a prediction that were refused, by reason.",
            ["reason"],
            registry=registry,
        )
        # Made now, so that each series exists from the start and its first increase is seen.
        self._predicted = {label: predictions.labels(label).inc for label in labels}
        self._refused = {reason: failures.labels(reason).inc for reason in REASONS}
        self._observe_confidence = Histogram(
            "prediction_confidence",
            "Calibrated probability of the label that was predicted.",
            buckets=TENTHS,
            registry=registry,
        ).observe
        self._observe_length = Histogram(
            "text_length_characters",
            "Length of the texts that were classified.",
            buckets=CHARACTERS,
            registry=registry,
        ).observe
        self._observe_known_share = Histogram(
            "known_words_ratio",
            "Share of a text's distinct terms that training knew.",
            buckets=TENTHS,
            registry=registry,
        ).observe

    def observe_prediction(self, prediction: Prediction, characters: int) -> None:
        """Count a prediction made of a text of so many characters."""
        self._predicted[prediction.label]()
        self._observe_confidence(prediction.probability)
        self._observe_length(characters)
        if prediction.known_share >= 0:  # not so for NaN
            self._observe_known_share(prediction.known_share)

    def refuse(self, error: Refused) -> Response:
        """Count a request for a prediction that is refused, and answer it as any other error."""
        self._refused[error.reason]()
        return problems.answer(error)


def init_app(app: Flask, classifier: Classifier) -> PredictionMetrics:
    """Count the requests of an app, answer its GET /metrics, and return what counts predictions.

    Under gunicorn the counts are shared between workers, and a scrape of any one adds up those of
    all; otherwise they are the app's own.
    """
    scraped = CollectorRegistry()
    scraped.register(ModelCollector(classifier.manifest))
    scraped.register(ProcessCollector())
    own: CollectorRegistry | None = scraped
    if workers.shared_directory():
        MultiProcessCollector(scraped)
        own = None
    metrics = PredictionMetrics(classifier.labels, own)
    app.register_error_handler(Refused, metrics.refuse)
    app.wsgi_app = RequestMeter(app.wsgi_app, own)  # type: ignore[method-assign]
    Exporter(app, registry=scraped, export_defaults=False)
    app.extensions["metrics"] = metrics
    # Of requests that no part of the app sees: the worker counts them.
    app.extensions["count_refusal"] = Counter(
        "http_requests_refused",
        "Requests refused unread with 503, because too many waited.",
        registry=own,
    ).inc
    return metrics
