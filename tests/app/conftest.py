"""The application around a classifier of two words, and its client."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from model.classifier import Classifier
from model.folding import Floats
from model.manifest import DumpFile, Manifest, TrainingData

WORDS = ("puck", "orbit")
WEIGHTS = np.array([[1.0, -1.0], [-1.0, 1.0]])

MakeApp = Callable[..., Flask]


class TwoWordScorer:
    """Knows "puck" as hockey and "orbit" as space, and nothing else."""

    def score_many(self, texts: Sequence[str]) -> tuple[list[list[float]], list[float]]:
        return [self._probabilities(text) for text in texts], [1.0] * len(texts)

    def _probabilities(self, text: str) -> list[float]:
        _, weights, bias = self.evidence(text)
        exponentials = np.exp(weights.sum(axis=0) + bias)
        probabilities: list[float] = (exponentials / exponentials.sum()).tolist()
        return probabilities

    def evidence(self, text: str) -> tuple[list[str], Floats, Floats]:
        known = [word for word in WORDS if word in text]
        rows = [WORDS.index(word) for word in known]
        return known, WEIGHTS[rows], np.array([0.25, -0.25])


@pytest.fixture
def manifest() -> Manifest:
    """The manifest of a model of hockey and space."""
    return Manifest(
        format=1,
        pipeline=DumpFile(file="pipeline-0123456789ab.joblib", sha256="0123456789abcdef" * 4),
        labels=["hockey", "space"],
        trained_at="2026-01-31T12:00:00Z",
        training_seconds=1.5,
        data=TrainingData("own data", "ab" * 32, 4, {"hockey": 2, "space": 2}, ["raw"]),
        hyperparameters={"C": 1.0},
        versions={"scikit-learn": "1.0"},
        canaries=[],
    )


@pytest.fixture
def classifier(manifest: Manifest) -> Classifier:
    """A classifier that needs no artifact."""
    return Classifier(TwoWordScorer(), manifest)


@pytest.fixture
def make_app(classifier: Classifier) -> MakeApp:
    """Return a function that makes the application with some settings."""
    return lambda **settings: create_app(Config(**settings), classifier)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """The application with default settings."""
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client of the application with default settings."""
    return app.test_client()
