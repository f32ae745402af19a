"""The request id: taken from X-Request-ID or made, and written into every log line."""

from __future__ import annotations

import re
from random import getrandbits
from typing import TYPE_CHECKING

from flask import has_request_context, request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

HEADER = "X-Request-ID"
KEY = "textclf.request_id"
"""Where the id is found in a request's WSGI environment."""

# What may enter a log line or a header. Other ids are replaced and the request is answered: a
# proxy's odd id is no reason to fail a prediction.
_VALID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")


def request_id_of(environ: WSGIEnvironment) -> str:
    """Return the id of a request, which is set at the first call."""
    found: str | None = environ.get(KEY)
    if found is None:
        given = environ.get("HTTP_X_REQUEST_ID")
        found = given if given and _VALID.fullmatch(given) else f"{getrandbits(128):032x}"
        environ[KEY] = found
    return found


def current_request_id() -> str:
    """Return the id of the current request; "-" outside of one."""
    return request_id_of(request.environ) if has_request_context() else "-"
