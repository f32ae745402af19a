"""Headers that every response carries, whatever it says.

May import the settings and the request id of ours. A WSGI layer adds two headers to the list that
the server is given, for less than a hook of the framework takes to add them to a response.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask
from flask_cors import CORS

from app.requestid import HEADER as REQUEST_ID
from app.requestid import identify
from app.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# For pages: what they load is their own, nothing runs inside a document, nobody frames them.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

NOSNIFF = ("X-Content-Type-Options", "nosniff")


class StandingHeaders:
    """WSGI middleware that adds the request's id and forbids guessing the content type."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request_id = (REQUEST_ID, identify(environ))

        def start(
            status: str, headers: list[tuple[str, str]], *rest: Any
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, request_id, NOSNIFF], *rest)

        return self._inner(environ, start)


def init_app(app: Flask) -> None:
    """Add the headers of every response, and let pages of the set origins call the API."""
    app.wsgi_app = StandingHeaders(app.wsgi_app)  # type: ignore[method-assign]
    settings: Settings = app.extensions["settings"]
    if settings.cors_origins:
        # Without cookies or other credentials: there are none that the service would read.
        CORS(
            app,
            origins=settings.cors_origins.split(","),
            methods=["GET", "HEAD", "POST"],
            allow_headers=["Content-Type", REQUEST_ID],
            expose_headers=[REQUEST_ID, "Server-Timing"],
            max_age=86_400,
            # For "any origin" say so, instead of repeating whichever asked.
            send_wildcard=True,
        )
