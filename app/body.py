"""Reading a request's body whole, or refusing it.

May import only the problems of ours. Flask's own MAX_CONTENT_LENGTH cuts a body without a
Content-Length at the limit and hands over the rest as if it were all: a prediction of half a text.
"""

from __future__ import annotations

from flask import Request
from werkzeug.exceptions import HTTPException

from app.problems import BodyTimeout, BodyTooLarge, UnsupportedContentCoding


def read_body(
    request: Request,
    limit: int,
    invalid: type[HTTPException],
    coded: type[HTTPException] = UnsupportedContentCoding,
) -> bytes:
    """Return the body's bytes, with or without a Content-Length.

    Raises BodyTooLarge (413) over `limit` bytes, BodyTimeout (408) when the client stalls, and
    the route's own errors: `invalid` when the body ends early or its chunks are malformed, `coded`
    when it is compressed.
    """
    environ = request.environ
    # Unpacking would let a small body become one over the limit; nothing here is worth packing.
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("identity", ""):
        raise coded("The body has a Content-Encoding; send it uncompressed, without that header.")
    stated = request.content_length
    if stated is None and not environ.get("wsgi.input_terminated"):
        return b""
    if stated is not None and stated > limit:
        raise BodyTooLarge(f"The body has {stated} bytes; the limit is {limit}.")
    try:
        body: bytes = environ["wsgi.input"].read(limit + 1 if stated is None else stated)
    except TimeoutError:
        raise BodyTimeout("The body did not arrive in time.") from None
    except Exception:  # each server has its own for a stream that breaks off
        raise invalid("The body ends early, or its chunks are malformed.") from None
    if len(body) > limit:
        raise BodyTooLarge(f"The body is over the limit of {limit} bytes.")
    if stated is not None and len(body) < stated:
        raise invalid(f"The body ends after {len(body)} of {stated} bytes.")
    return body
