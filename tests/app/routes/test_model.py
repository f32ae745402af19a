"""GET /model: what the manifest shows."""

from __future__ import annotations

import msgspec
import pytest
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from model.classifier import Classifier
from model.manifest import EvaluationSummary, Manifest
from tests.app.conftest import TwoWordScorer


def test_manifest_is_told(client: FlaskClient, manifest: Manifest) -> None:
    """The answer is the manifest's knowledge under the short version of the model."""
    assert client.get("/model").get_json() == {
        "name": "text-classifier",
        "version": manifest.pipeline.sha256[:12],
        "labels": ["hockey", "space"],
        "trained_at": "2026-01-31T12:00:00Z",
        "training_seconds": 1.5,
        "data": msgspec.to_builtins(manifest.data),
        "hyperparameters": {"C": 1.0},
        "versions": {"scikit-learn": "1.0"},
        "evaluation": None,
    }


def test_evaluation_is_told(manifest: Manifest) -> None:
    """A model that was evaluated shows its headline figures."""
    summary = EvaluationSummary("cd" * 32, 2, {"raw": {"accuracy": 0.5}})
    evaluated = msgspec.structs.replace(manifest, evaluation=summary)
    app = create_app(Config(), Classifier(TwoWordScorer(), evaluated))
    found = app.test_client().get("/model").get_json()["evaluation"]
    assert found == msgspec.to_builtins(summary)


@pytest.mark.parametrize("kept_back", [b".joblib", b"canar"])
def test_files_and_canaries_are_not_told(client: FlaskClient, kept_back: bytes) -> None:
    """Nothing of the server's files, nor of the model's self-test, is answered."""
    assert kept_back not in client.get("/model").data
