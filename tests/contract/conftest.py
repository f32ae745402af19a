"""The application around a small trained model, as the descriptions describe it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from app.config import Config
from model.classifier import load_classifier


@pytest.fixture(scope="session")
def app(small_artifact: Path) -> Flask:
    """The application with default settings."""
    return create_app(Config(), load_classifier(small_artifact))
