"""GET /model: which model answers, of what it was made and how well it does.

All of it is from the artifact's manifest; no path is.
"""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Flask, Response

from app.services import Services
from model.manifest import EvaluationSummary, Manifest, TrainingData

NAME = "text-classifier"


class ModelInfo(msgspec.Struct):
    """The response body."""

    name: str
    version: str
    labels: list[str]
    trained_at: str
    training_seconds: float
    data: TrainingData
    hyperparameters: dict[str, Any]
    versions: dict[str, str]
    evaluation: EvaluationSummary | None


def register(app: Flask, services: Services) -> None:
    """Add the route."""
    body = msgspec.json.encode(describe(services.classifier.manifest)) + b"\n"

    @app.get("/model")
    def model() -> Response:
        """Describe the model that this process serves."""
        return Response(body, mimetype="application/json")


def describe(manifest: Manifest) -> ModelInfo:
    """Return what is shown of a model."""
    return ModelInfo(
        name=NAME,
        version=manifest.version,
        labels=manifest.labels,
        trained_at=manifest.trained_at,
        training_seconds=manifest.training_seconds,
        data=manifest.data,
        hyperparameters=manifest.hyperparameters,
        versions=manifest.versions,
        evaluation=manifest.evaluation,
    )
