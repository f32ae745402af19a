"""Structured logs: one JSON object a line on standard output, with the id of the request.

May import only the request id of ours. Texts of requests are personal data and never logged.
"""

from __future__ import annotations

import logging
import logging.config
from typing import Any

from gunicorn import glogging

from app.requestid import request_id


class AddRequestId(logging.Filter):
    """Put the current request's id on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id()
        return True


class ServerLogger(glogging.Logger):  # type: ignore[misc]  # gunicorn publishes no types
    """Gunicorn's logger, made to write as the rest of the service does.

    Its own access log formats a line for every request even when nobody reads it, at half the cost
    of answering the request.
    """

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        logging.config.dictConfig(logging_config(cfg.loglevel))

    def access(self, *args: object, **kwargs: object) -> None:
        """Write nothing: the application logs its requests itself, when told to."""


def logging_config(level: str) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request_id": {"()": AddRequestId}},
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(process)d",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
                "filters": ["request_id"],
            }
        },
        "root": {"handlers": ["stdout"], "level": level.upper()},
        # Gunicorn's logger does not propagate by itself.
        "loggers": {"gunicorn.error": {"propagate": True}},
    }
