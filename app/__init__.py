"""The HTTP side: requests in, labels out. An ordinary WSGI application, made by `create_app`."""

from __future__ import annotations

from flask import Flask

from app import errors, metrics, middleware
from app.application import Application
from app.config import Config
from app.routes import docs, health, model, page, prediction
from app.services import Services
from model.classifier import Classifier

PARTS = (errors, metrics, prediction, model, health, docs, page, middleware)
"""Every module that adds something to the application, by its function `register`."""


def create_app(config: Config, classifier: Classifier) -> Flask:
    """Return the application that serves this classifier."""
    app = Application(__name__)
    services = Services(config, classifier, metrics.Metrics.create(classifier))
    app.extensions["services"] = services
    for part in PARTS:
        part.register(app, services)
    return app
