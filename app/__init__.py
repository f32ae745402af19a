"""The HTTP edge: requests in, labels out.

Imports the model, never the scripts. `create_app` builds, wires and returns; nothing happens at
import.
"""

from __future__ import annotations

from flask import Flask

from app import (
    accesslog,
    docs,
    headers,
    health,
    metrics,
    model_info,
    openapi,
    page,
    prediction,
    predictions,
    problems,
    rejections,
)
from app.lean import Application
from app.settings import Settings
from model.classifier import Classifier


def create_app(settings: Settings, classifier: Classifier) -> Flask:
    """Return the application that serves this classifier."""
    app = Application(__name__)
    app.extensions["settings"] = settings
    app.extensions["classifier"] = classifier
    for part in (problems, rejections, accesslog, headers, openapi):
        part.init_app(app)
    counted = metrics.init_app(app, classifier)
    for bound in (prediction, predictions):
        app.register_blueprint(bound.blueprint(settings, classifier, counted))
    for room in (model_info, health, docs, page):
        app.register_blueprint(room.blueprint)
    return app
