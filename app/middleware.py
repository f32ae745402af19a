"""What every request gets, in one WSGI layer around the Flask application.

A request gets its id and its standing headers, is counted and timed, and leaves a line in the
access log. The layer sees each request once, with the time that Flask itself takes; Flask's hooks
see neither, and cost more.

What the server rejects before a route sees it, such as a head that is too long or a request for
which the queue is full, is answered here in the shape of every other error. That takes no part of
Flask: at twice the load that a worker can answer, there is one of them for each prediction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_cors import CORS

from app.errors import MEDIA_TYPE, TYPES, encode
from app.request_id import HEADER as REQUEST_ID
from app.request_id import request_id_of
from app.services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LABEL = "textclf.label"
"""Where a view leaves the label it answers, for the access log."""

REJECTED = "server.error"
"""Where the server leaves the status and the reason, or None, of a request that it rejects."""

OVERLOADED = "Overloaded"
# Titles of rejections that have a problem type of their own.
TITLES = {408: "Request Timeout", 413: "Content too large", 503: OVERLOADED}

# What counts as the answer where the application ended without one: the server then sends its own.
FAILED = "500 Internal Server Error"

NOSNIFF = ("X-Content-Type-Options", "nosniff")

# For pages: what they load is their own, nothing runs inside a document, nobody frames them.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

log = logging.getLogger(__name__)


class Middleware:
    """The WSGI layer around the application."""

    def __init__(self, inner: WSGIApplication, services: Services) -> None:
        self._inner = inner
        self._metrics = services.metrics.requests
        self._logs_all = services.config.access_log
        self._origins = services.config.cors_origins.split(",")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = perf_counter()
        request_id = (REQUEST_ID, request_id_of(environ))
        sent: str | None = None
        route = None

        def start(
            status: str, headers: list[tuple[str, str]], *rest: Any
        ) -> Callable[[bytes], object]:
            nonlocal sent, route
            # Read now, because Flask takes the request away once it is done with it.
            sent, route = status, route_of(environ)
            return start_response(status, [*headers, request_id, NOSNIFF], *rest)

        rejected = REJECTED in environ
        try:
            return (self._reject if rejected else self._inner)(environ, start)
        finally:
            seconds = perf_counter() - started
            self._metrics.observe(environ["REQUEST_METHOD"], route, sent or FAILED, seconds)
            if rejected and environ[REJECTED] == (503, None):
                self._metrics.count_overloaded()
            if sent and (self._logs_all or (sent[0] == "5" and not rejected)):
                self._log(environ, route, sent, seconds)

    def _reject(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request that the server rejects."""
        number, reason = environ[REJECTED]
        status = HTTPStatus(number)
        title = TITLES.get(number, status.phrase)
        instance = f"urn:request:{request_id_of(environ)}"
        body = encode(status, title, _detail(title, reason), instance)
        headers = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body)))]
        if title == OVERLOADED:
            headers.append(("Retry-After", "1"))
        start(f"{number} {status.phrase}", [*headers, *self._cors(environ)])
        return [body]

    def _cors(self, environ: WSGIEnvironment) -> list[tuple[str, str]]:
        origin = environ.get("HTTP_ORIGIN")
        if origin is None or not ("*" in self._origins or origin in self._origins):
            return []
        allowed = "*" if "*" in self._origins else origin
        expose = ("Access-Control-Expose-Headers", f"{REQUEST_ID}, Retry-After")
        return [("Access-Control-Allow-Origin", allowed), expose, ("Vary", "Origin")]

    def _log(self, environ: WSGIEnvironment, route: str | None, sent: str, seconds: float) -> None:
        """Write a line of route and result, never of the text or of the path as it was sent."""
        is_fault = sent[0] == "5" and REJECTED not in environ
        length = environ.get("CONTENT_LENGTH")
        line = {
            "method": environ["REQUEST_METHOD"],
            "route": route,
            "request_id": request_id_of(environ),
            "status": int(sent[:3]),
            "duration_ms": round(seconds * 1000, 3),
            "bytes_in": int(length) if length and length.isdecimal() else None,
            "label": environ.get(LABEL),
        }
        log.log(logging.ERROR if is_fault else logging.INFO, "request", extra=line)


def register(app: Flask, services: Services) -> None:
    """Put the layer around the app, and let pages of the set origins call the API."""
    app.wsgi_app = Middleware(app.wsgi_app, services)  # type: ignore[method-assign]
    if services.config.cors_origins:
        # Without cookies or other credentials: there are none that the service would read.
        CORS(
            app,
            origins=services.config.cors_origins.split(","),
            methods=["GET", "HEAD", "POST"],
            allow_headers=["Content-Type", REQUEST_ID],
            expose_headers=[REQUEST_ID, "Server-Timing"],
            max_age=86_400,
            # For "any origin" say so, instead of repeating whichever asked.
            send_wildcard=True,
        )


def route_of(environ: WSGIEnvironment) -> str | None:
    """Return the URL rule that a request met; None where it met none, or was not routed yet."""
    # Werkzeug documents that its Request puts itself there.
    request = environ.get("werkzeug.request")
    return request.url_rule.rule if request and request.url_rule else None


def describe(environ: WSGIEnvironment) -> dict[str, str | None]:
    """Return what a log line may hold of a request that is not answered yet."""
    return {
        "method": environ["REQUEST_METHOD"],
        "route": route_of(environ),
        "request_id": request_id_of(environ),
    }


def _detail(title: str, reason: str | None) -> str:
    if reason is None:
        return TYPES[title].meaning
    if title in TYPES:
        return reason
    return f"The connection ends here, because the request cannot be read: {reason}."
