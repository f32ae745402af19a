"""What the parts of the application share, made once at start."""

from __future__ import annotations

from dataclasses import dataclass

from app.config import Config
from app.metrics import Metrics
from model.classifier import Classifier


@dataclass(frozen=True)
class Services:
    """Each part of the application is registered with these."""

    config: Config
    classifier: Classifier
    metrics: Metrics
