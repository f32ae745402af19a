"""What gunicorn imports: the application made from the environment's settings.

Problems that the operator can correct end the process with one sentence instead of a traceback.
"""

from __future__ import annotations

import os
import sys

from flask import Flask

from app import create_app
from app.config import ConfigError, read_config
from model.classifier import load_classifier
from model.errors import UserError


def application() -> Flask:
    """Load the model named by the settings and return the application that serves it.

    Raises UserError or ConfigError when that cannot be done.
    """
    settings = read_config(os.environ)
    return create_app(settings, load_classifier(settings.model_dir))


def start() -> Flask:
    """As `application`, for the first start: what the operator can correct ends the process."""
    try:
        return application()
    except (UserError, ConfigError) as error:
        sys.exit(f"error: {error}")
