"""GET /model: which model answers, of what it was made and how well it does.

All of it is from the artifact's manifest; no path is.
"""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Flask, Response

from app.services import Services
from model.manifest import EvaluationSummary, TrainingData

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
    known = services.classifier.manifest
    info = ModelInfo(
        name=NAME,
        version=known.version,
        labels=known.labels,
        trained_at=known.trained_at,
        training_seconds=known.training_seconds,
        data=known.data,
        hyperparameters=known.hyperparameters,
        versions=known.versions,
        evaluation=known.evaluation,
    )
    body = msgspec.json.encode(info) + b"\n"

    @app.get("/model")
    def model() -> Response:
        """Describe the model that this process serves."""
        return Response(body, mimetype="application/json")
