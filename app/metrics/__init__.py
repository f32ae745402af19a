"""What the service counts, and GET /metrics, which tells it to Prometheus.

May import the modules of this package, each of which says what of ours it imports itself, the
problems and the classifier's type.
"""

from __future__ import annotations

from flask import Flask
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_flask_exporter import PrometheusMetrics

from app.metrics import workers
from app.metrics.model import ModelCollector
from app.metrics.predictions import PredictionMetrics
from app.metrics.processes import ProcessCollector
from app.metrics.requests import RequestMeter
from app.problems import Refused
from model.classifier import Classifier


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
    meter = RequestMeter(app.wsgi_app, own)
    app.wsgi_app = meter  # type: ignore[method-assign]
    # For the server, which alone knows how many requests wait.
    app.extensions["set_waiting"] = meter.set_waiting
    Exporter(app, registry=scraped, export_defaults=False)
    return metrics
