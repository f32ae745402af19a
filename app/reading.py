"""Reading a request: its body, whole, and the options of a prediction from its query.

Flask's own MAX_CONTENT_LENGTH cuts a body without a Content-Length at the limit and passes on the
rest as if it were all: a prediction of half a text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from flask import Request

from app.errors import ApiError, BodyTimeoutError, BodyTooLargeError, UnsupportedCodingError

MOST_TERMS = 1000

T = TypeVar("T")


class Options(NamedTuple):
    """What an answer holds besides the label; nothing by default."""

    scores: bool = False
    """The probability of every label."""
    explain: int = 0
    """At most so many terms that spoke for the label, and so many against it."""


NONE = Options()

_SCORES = {"true": True, "1": True, "false": False, "0": False}
_EXPLAIN = {str(number): number for number in range(1, MOST_TERMS + 1)}
_EXPECTED = {
    "scores": "true, false, 1 or 0",
    "explain": f"a whole number from 1 to {MOST_TERMS}",
}


def read_body(
    request: Request,
    limit: int,
    invalid: type[ApiError],
    coded: type[ApiError] = UnsupportedCodingError,
) -> bytes:
    """Return the body's bytes, with or without a Content-Length.

    Raises BodyTooLargeError (413) over `limit` bytes, BodyTimeoutError (408) when the client
    stalls, and the route's own errors: `invalid` when the body ends early or its chunks are
    malformed, `coded` when it is compressed.
    """
    environ = request.environ
    # Unpacking would let a small body become one over the limit; nothing here is worth packing.
    if environ.get("HTTP_CONTENT_ENCODING", "identity").strip().lower() not in ("identity", ""):
        raise coded("The body has a Content-Encoding; send it uncompressed, without that header.")
    stated = request.content_length
    if stated is None and not environ.get("wsgi.input_terminated"):
        return b""
    if stated is not None and stated > limit:
        raise BodyTooLargeError(f"The body has {stated} bytes; the limit is {limit}.")
    try:
        body: bytes = environ["wsgi.input"].read(limit + 1 if stated is None else stated)
    except TimeoutError:
        raise BodyTimeoutError("The body did not arrive in time.") from None
    except Exception:  # each server has its own for a stream that breaks off
        raise invalid("The body ends early, or its chunks are malformed.") from None
    if len(body) > limit:
        raise BodyTooLargeError(f"The body is over the limit of {limit} bytes.")
    if stated is not None and len(body) < stated:
        raise invalid(f"The body ends after {len(body)} of {stated} bytes.")
    return body


def read_options(request: Request, invalid: type[ApiError]) -> Options:
    """Return the options of a request; raises `invalid`, the route's own error, at a bad one.

    Other parameters are ignored: what lies between a client and the service may add some.
    """
    if not request.environ.get("QUERY_STRING"):
        return NONE
    return Options(
        scores=_choose(request, "scores", _SCORES, NONE.scores, invalid),
        explain=_choose(request, "explain", _EXPLAIN, NONE.explain, invalid),
    )


def _choose(
    request: Request, name: str, values: Mapping[str, T], default: T, invalid: type[ApiError]
) -> T:
    given = request.args.getlist(name)
    if not given:
        return default
    if len(given) > 1 or given[0] not in values:
        # What was given is not repeated: it may be a part of somebody's text.
        raise invalid(f"The option {name} may be given once, as {_EXPECTED[name]}.")
    return values[given[0]]
