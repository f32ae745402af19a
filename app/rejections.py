"""Answers to requests that the server rejects before a route sees them.

The server leaves status and reason in the environ; under another WSGI server this layer passes
every request on. Such an answer has the shape of every other error, is counted and is
logged, but takes no part of Flask: with twice the load that a worker can answer there is one of
them for each prediction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Flask

from app.problems import MEDIA_TYPE, TYPES, encode
from app.requestid import HEADER, identify
from app.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEY = "server.error"

OVERLOADED = "Overloaded"

# Titles of those that have a problem type of their own.
TITLES = {408: "Request Timeout", 413: "Content too large", 503: OVERLOADED}

log = logging.getLogger(__name__)


class Rejections:
    """WSGI middleware that answers what the server rejected."""

    def __init__(self, inner: WSGIApplication, settings: Settings) -> None:
        self._inner = inner
        self._access_log = settings.access_log
        self._origins = settings.cors_origins.split(",")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        rejected: tuple[int, str | None] | None = environ.get(KEY)
        if rejected is None:
            return self._inner(environ, start_response)
        number, reason = rejected
        status = HTTPStatus(number)
        request_id = identify(environ)
        title = TITLES.get(number, status.phrase)
        body = encode(status, title, self._detail(title, reason), f"urn:request:{request_id}")
        headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
        if title == OVERLOADED:
            headers.append(("Retry-After", "1"))
        start_response(f"{number} {status.phrase}", [*headers, *self._cors(environ)])
        if self._access_log:
            extra = {"method": environ["REQUEST_METHOD"], "route": None, "status": number}
            log.info("request", extra=extra | {"request_id": request_id})
        return [body]

    def _detail(self, title: str, reason: str | None) -> str:
        if reason is None:
            return TYPES[title]
        if title in TYPES:
            return reason
        return f"The connection ends here, because the request cannot be read: {reason}."

    def _cors(self, environ: WSGIEnvironment) -> list[tuple[str, str]]:
        origin = environ.get("HTTP_ORIGIN")
        if origin is None or not ("*" in self._origins or origin in self._origins):
            return []
        allowed = "*" if "*" in self._origins else origin
        expose = ("Access-Control-Expose-Headers", f"{HEADER}, Retry-After")
        return [("Access-Control-Allow-Origin", allowed), expose, ("Vary", "Origin")]


def init_app(app: Flask) -> None:
    """Answer what the server rejects."""
    settings: Settings = app.extensions["settings"]
    app.wsgi_app = Rejections(app.wsgi_app, settings)  # type: ignore[method-assign]
