"""Headers that every response carries, whatever it says.

May import the settings of ours.
"""

from __future__ import annotations

from flask import Flask, Response
from flask_cors import CORS

from app.requestid import HEADER as REQUEST_ID
from app.settings import Settings

# For pages: what they load is their own, nothing runs inside a document, nobody frames them.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    """Forbid guessing content types, and let pages of the set origins call the API."""
    app.after_request(_add_nosniff)
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


def _add_nosniff(response: Response) -> Response:
    response.headers.add("X-Content-Type-Options", "nosniff")
    return response
