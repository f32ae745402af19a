"""One log line a request, when told to; always for the faults among them.

May import the settings of ours. It tells what was asked of which route and how it went, never the
text, nor the path or query as the client wrote them.
"""

from __future__ import annotations

import logging
from time import perf_counter
from typing import TYPE_CHECKING

from flask import Flask, Response, g, request

from app.requestid import identify
from app.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

log = logging.getLogger(__name__)


def init_app(app: Flask) -> None:
    """Log every request of the app, or only those that are answered with 5xx."""
    settings: Settings = app.extensions["settings"]
    if settings.access_log:
        app.before_request(_start)
        app.after_request(_report)
    else:
        app.after_request(_report_fault)


def describe(environ: WSGIEnvironment) -> dict[str, str | None]:
    """Return what a log line may say of a request that is not answered yet."""
    request = environ.get("werkzeug.request")
    rule = request and request.url_rule
    return {
        "method": environ["REQUEST_METHOD"],
        "route": rule and rule.rule,
        "request_id": identify(environ),
    }


def _start() -> None:
    g.started = perf_counter()


def _report_fault(response: Response) -> Response:
    return _report(response) if response.status_code >= 500 else response


def _report(response: Response) -> Response:
    started = g.get("started")
    log.log(
        logging.ERROR if response.status_code >= 500 else logging.INFO,
        "request",
        extra={
            "method": request.method,
            "route": request.url_rule and request.url_rule.rule,
            "status": response.status_code,
            "duration_ms": started and round((perf_counter() - started) * 1000, 3),
            "bytes_in": request.content_length,
            "label": g.get("label"),
        },
    )
    return response
