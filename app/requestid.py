"""The request id: taken from X-Request-ID or made, returned, and written into every log line.

May import nothing of ours.
"""

from __future__ import annotations

import re
import uuid

from flask import Flask, Response, g, has_request_context, request

HEADER = "X-Request-ID"

# What may enter a log line or a header: other ids are replaced, not refused, because a proxy's odd
# id is no reason to fail a prediction.
_VALID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


def request_id() -> str:
    """Return the id of the current request; "-" outside of one."""
    if not has_request_context():
        return "-"
    if "request_id" not in g:
        given = request.headers.get(HEADER, "")
        g.request_id = given if _VALID.fullmatch(given) else uuid.uuid4().hex
    found: str = g.request_id
    return found


def init_app(app: Flask) -> None:
    """Return the id with every response."""
    app.after_request(_add_header)


def _add_header(response: Response) -> Response:
    response.headers.add(HEADER, request_id())
    return response
