"""What the prediction routes share on the wire: strict JSON in, compact JSON out.

May import the problems of ours.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import TypeVar

import msgspec

from app.lean import WholeResponse
from app.problems import Refused

T = TypeVar("T")

# msgspec says "Input data was truncated" for this, which sends its reader the wrong way.
_TRUNCATED = "it ends early, or holds one half of a surrogate pair (\\ud800 to \\udfff)"

_encode = msgspec.json.Encoder().encode


def decode(decoder: msgspec.json.Decoder[T], body: bytes, invalid: type[Refused], form: str) -> T:
    """Return a body decoded as JSON in UTF-8, whatever its Content-Type says.

    Raises `invalid`, the route's own error, which names the form that the body must have. No
    message repeats a part of the body.
    """
    # RFC 8259 lets a reader ignore the mark that some editors put before a file's text.
    body = body.removeprefix(BOM_UTF8)
    try:
        # msgspec does not look inside properties that it skips: decode first to see bad UTF-8.
        return decoder.decode(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise invalid("The body is not valid UTF-8.", "encoding") from None
    except RecursionError:
        raise invalid("The body is nested too deep.", "nesting") from None
    except msgspec.DecodeError as error:
        if not body.strip():
            raise invalid(
                f"The body is empty; it must be a JSON object {form}.", "syntax"
            ) from None
        reason = str(error).replace("Input data was truncated", _TRUNCATED)
        raise invalid(
            f"The body must be a JSON object {form}: {reason}.",
            "schema" if isinstance(error, msgspec.ValidationError) else "syntax",
        ) from None


def is_blank(text: str) -> bool:
    """Tell whether a text holds nothing to classify."""
    return not text or text.isspace()


def respond(answer: msgspec.Struct, model_seconds: float) -> WholeResponse:
    """Return the response with this body, and the time that the model took for it."""
    # A line end, so that a terminal's prompt starts on a line of its own after curl.
    return WholeResponse(
        _encode(answer) + b"\n",
        headers=[
            ("Content-Type", "application/json"),
            ("Server-Timing", f"model;dur={model_seconds * 1000:.3f}"),
        ],
    )
