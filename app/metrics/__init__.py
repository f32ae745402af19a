"""What the service counts, and GET /metrics, which shows it to Prometheus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from flask import Flask
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_flask_exporter import PrometheusMetrics

from app.metrics import workers
from app.metrics.model import ModelCollector
from app.metrics.predictions import PredictionMetrics
from app.metrics.processes import ProcessCollector
from app.metrics.requests import RequestMetrics
from model.classifier import Classifier

if TYPE_CHECKING:
    from app.services import Services


@dataclass(frozen=True)
class Metrics:
    """What is counted, and the registry that a scrape reads.

    Under gunicorn the counts are shared between workers, and a scrape of any one adds up those of
    all; otherwise they are the application's own.
    """

    requests: RequestMetrics
    predictions: PredictionMetrics
    scraped: CollectorRegistry

    @classmethod
    def create(cls, classifier: Classifier) -> Self:
        """Return the metrics of an application that serves this classifier."""
        scraped = CollectorRegistry()
        scraped.register(ModelCollector(classifier.manifest))
        scraped.register(ProcessCollector())
        own: CollectorRegistry | None = scraped
        if workers.shared_directory():
            MultiProcessCollector(scraped)
            own = None
        return cls(RequestMetrics(own), PredictionMetrics(classifier.labels, own), scraped)


class Exporter(PrometheusMetrics):  # type: ignore[misc]  # the library publishes no types
    """GET /metrics of one registry, with what is only computed at the scrape.

    The library's own default metrics stay off: they cost a request several times what these do.
    """

    def generate_metrics(
        self, accept_header: str | None = None, names: list[str] | None = None
    ) -> tuple[str, str]:
        """Return the exposition, always whole, and its media type."""
        encode, content_type = choose_encoder(accept_header or "")
        return encode(self.registry).decode(), content_type


def register(app: Flask, services: Services) -> None:
    """Answer the app's GET /metrics."""
    Exporter(app, registry=services.metrics.scraped, export_defaults=False)
