"""What is counted of each prediction, and of the requests for one that are not valid.

Every prediction pays for this module, so the children of the metrics are looked up once and kept.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from app.errors import REASONS, Reason
from model.classifier import Prediction

TENTHS = tuple(n / 10 for n in range(1, 11))
CHARACTERS = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000)


class PredictionMetrics:
    """Counts of predictions, and of requests for one that are not valid."""

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
        self._invalid = {reason: failures.labels(reason).inc for reason in REASONS}
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
            "Share of a text's terms, each occurrence counted, that training knew.",
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

    def count_invalid(self, reason: Reason) -> None:
        """Count a request for a prediction that is not valid."""
        self._invalid[reason]()
