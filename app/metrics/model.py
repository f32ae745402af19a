"""What the model that is served says of itself, as metrics.

Made at each scrape from the model at hand and stored nowhere: after a reload nothing is left of the
one before.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from model.manifest import Manifest


class ModelCollector:
    """The identity of the model and what it was trained on."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "model_info", "The model that is served.", labels=["version", "trained_at"]
        )
        info.add_metric([self._manifest.version, self._manifest.trained_at], 1)
        yield info
        examples = self._manifest.data.examples_per_label
        total = sum(examples.values())
        shares = GaugeMetricFamily(
            "model_training_label_share",
            "Share of a label in the training data, to compare predictions with.",
            labels=["label"],
        )
        for label, count in examples.items():
            shares.add_metric([label], count / total)
        yield shares
