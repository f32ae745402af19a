"""The HTTP edge: requests in, labels out.

Imports the model, never the scripts. `create_app` builds, wires and returns; nothing happens at
import.
"""

from __future__ import annotations

from flask import Flask

from app import health, metrics, page, prediction, problems, requestid
from app.settings import Settings
from model.classifier import Classifier


def create_app(settings: Settings, classifier: Classifier) -> Flask:
    """Return the application that serves this classifier."""
    app = Flask(__name__)
    app.extensions["settings"] = settings
    app.extensions["classifier"] = classifier
    problems.init_app(app)
    requestid.init_app(app)
    metrics.init_app(app, classifier)
    app.register_blueprint(prediction.blueprint)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(page.blueprint)
    return app
