"""Request and response bodies: what they hold, strict JSON in, compact JSON out."""

from __future__ import annotations

from codecs import BOM_UTF8
from typing import Self, TypeVar

import msgspec

from app.application import WholeResponse
from app.errors import InvalidRequestError
from model.classifier import Evidence
from model.classifier import Explanation as ModelExplanation
from model.jsonlines import reason
from model.rounding import shown

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


class PredictionRequest(msgspec.Struct):
    """The contract's request body; properties that it does not name are ignored."""

    text: str


class BatchRequest(msgspec.Struct):
    """The body of a request for many predictions; other properties are ignored."""

    texts: list[str]


class Term(msgspec.Struct):
    """A term of the text and what it adds to the score of the label."""

    term: str
    weight: float


class Explanation(msgspec.Struct):
    """Why the label: score = bias + the weights of supporting and opposing + rest."""

    score: float
    bias: float
    supporting: list[Term]
    opposing: list[Term]
    rest: float

    @classmethod
    def of(cls, found: ModelExplanation) -> Self:
        """Return the model's explanation as it is sent."""
        return cls(
            shown(found.score),
            shown(found.bias),
            _terms(found.supporting),
            _terms(found.opposing),
            shown(found.rest),
        )


class PredictionResponse(msgspec.Struct, omit_defaults=True):
    """The contract's response body, exactly, unless the options ask for more."""

    label: str
    scores: dict[str, float] | None = None
    """Probability by label."""
    explanation: Explanation | None = None


class BatchResponse(msgspec.Struct, omit_defaults=True):
    """The response body of a batch: lists of one length, in the order of the texts."""

    labels: list[str]
    scores: list[dict[str, float]] | None = None
    explanations: list[Explanation] | None = None


def decode(
    decoder: msgspec.json.Decoder[T], body: bytes, invalid: type[InvalidRequestError], form: str
) -> T:
    """Return a body decoded as JSON in UTF-8, whatever its Content-Type is.

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
        raise invalid(
            f"The body must be a JSON object {form}: {reason(error)}.",
            "schema" if isinstance(error, msgspec.ValidationError) else "syntax",
        ) from None


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


def _terms(evidence: list[Evidence]) -> list[Term]:
    return [Term(term, shown(weight)) for term, weight in evidence]
