"""Structured logs: one JSON object a line on standard output, with the id of the request.

Texts of requests are personal data and never logged: not by us, and not by way of an exception's
message or of what gunicorn reports of a request.
"""

from __future__ import annotations

import logging
import logging.config
import traceback
from typing import Any

from flask import has_request_context
from gunicorn import glogging
from pythonjsonlogger.json import JsonFormatter

from app.request_id import current_request_id


class AddRequestId(logging.Filter):
    """Put the current request's id on every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "request_id"):
            record.request_id = current_request_id()
        return True


class SayWhatToDo(logging.Filter):
    """Put advice in the place of gunicorn's last word on an address that it could not listen on."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg == "Can't connect to %s":
            record.msg = (
                "cannot listen on %s for the reason above: end what listens there, or name another"
                " port in TEXTCLF_PORT (`make run PORT=9000`)"
            )
        return True


class Formatter(JsonFormatter):
    """Formats a record as a line of JSON; a fault in a request as its type and stack alone.

    The message of such a fault may quote the text, as that of a KeyError or UnicodeError does.
    """

    def formatException(self, ei: Any) -> str:  # noqa: N802  # the name that logging gave it
        if not has_request_context():
            return str(super().formatException(ei))
        lines: list[str] = []
        error: BaseException | None = ei[1]
        while error is not None:
            lines[:0] = [*traceback.format_tb(error.__traceback__), f"{type(error).__qualname__}\n"]
            error = error.__cause__ or error.__context__
        return "".join(lines).rstrip()


class ServerLogger(glogging.Logger):  # type: ignore[misc]  # gunicorn publishes no types
    """Gunicorn's logger, made to write as the rest of the service does.

    Its own access log formats a line for every request even when nobody reads it, at half the cost
    of answering the request.
    """

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        logging.config.dictConfig(logging_config(cfg.loglevel))

    def access(self, *args: object, **kwargs: object) -> None:
        """Write nothing: the application logs its requests itself, where it is asked for."""


def logging_config(level: str) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request_id": {"()": AddRequestId},
            "advice": {"()": SayWhatToDo},
        },
        "formatters": {
            "json": {
                "()": Formatter,
                "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s %(process)d",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
                "filters": ["request_id", "advice"],
            }
        },
        "root": {"handlers": ["stdout"], "level": level.upper()},
        # Gunicorn's logger does not propagate by itself.
        "loggers": {"gunicorn.error": {"propagate": True}},
    }
