"""Errors of the API, as `application/problem+json` (RFC 9457).

A view raises one of these classes; nothing but this module shapes the response to an error.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException, InternalServerError

from app.request_id import current_request_id

if TYPE_CHECKING:
    from app.services import Services

MEDIA_TYPE = "application/problem+json"


class ProblemType(NamedTuple):
    """What /docs says of a type of problem."""

    status: int
    meaning: str


# By title. Statuses without an entry get no type of their own, since their name (which differs
# between versions of Python) says all there is to say.
TYPES = {
    "Validation exception": ProblemType(
        405, "The request for a prediction is not valid; the detail says why."
    ),
    "Invalid batch": ProblemType(
        400, "The request for a batch of predictions is not valid; the detail says why."
    ),
    "Method Not Allowed": ProblemType(
        405, "The path exists, but not for this method; Allow lists those it has."
    ),
    "Not Found": ProblemType(404, "There is nothing under this path."),
    "Content too large": ProblemType(
        413, "The body or the batch is over the service's limit; send less at a time."
    ),
    "Unsupported content coding": ProblemType(415, "The body is compressed; send it as it is."),
    "Request Timeout": ProblemType(408, "The body did not arrive in time; send the request again."),
    "Not ready": ProblemType(
        503, "This process is ending; send the request again, on another connection."
    ),
    "Overloaded": ProblemType(
        503, "More requests wait than the service takes up; send the request again later."
    ),
    "Internal Server Error": ProblemType(
        500, "The service failed; quote the request id to its operator."
    ),
}

Reason = Literal["encoding", "nesting", "syntax", "schema", "blank", "other"]
REASONS: tuple[Reason, ...] = get_args(Reason)
"""Why a request for a prediction is not valid: few and fixed, because each is counted."""

log = logging.getLogger(__name__)


class ApiError(HTTPException):
    """An error that the client sees: a status, a title, headers and what to do about it."""

    title: str
    headers: tuple[tuple[str, str], ...] = ()

    def get_headers(self, *args: object, **kwargs: object) -> list[tuple[str, str]]:
        """Return the headers of the response besides those that every error has."""
        return list(self.headers)


class InvalidRequestError(ApiError):
    """A request for predictions that is not valid; it is counted by its reason."""

    def __init__(self, description: str, reason: Reason = "other") -> None:
        super().__init__(description)
        self.reason = reason


class InvalidPredictionError(InvalidRequestError):
    """The "Validation exception" of the contract, which answers it with 405.

    405 usually means a wrong method. The problem type distinguishes the two, and RFC 9110 asks for
    the Allow header in any 405.
    """

    code = 405
    title = "Validation exception"
    headers = (("Allow", "OPTIONS, POST"),)


class InvalidBatchError(InvalidRequestError):
    """The request for a batch of predictions is not valid."""

    code = 400
    title = "Invalid batch"


class ContentTooLargeError(ApiError):
    """The request holds more than the service takes at a time."""

    code = 413
    title = "Content too large"


class BodyTooLargeError(ContentTooLargeError):
    """The body is over the size limit; its rest is not read, so the connection must end."""

    headers = (("Connection", "close"),)


class BodyTimeoutError(ApiError):
    """The client took too long; what it still sends is no request, so the connection must end."""

    code = 408
    title = "Request Timeout"
    headers = (("Connection", "close"),)


class UnsupportedCodingError(ApiError):
    """The body is compressed; RFC 9110 asks to name the codings that would do."""

    code = 415
    title = "Unsupported content coding"
    headers = (("Accept-Encoding", "identity"),)


class NotReadyError(ApiError):
    """The process takes no more traffic; a second later another one is found in its place."""

    code = 503
    title = "Not ready"
    headers = (("Retry-After", "1"),)


def anchor(title: str) -> str:
    """Return the fragment of /docs that explains the problem type of this title."""
    return title.lower().replace(" ", "-")


def register(app: Flask, services: Services) -> None:
    """Answer every error of the app as a problem, and count the invalid requests."""

    def answer_invalid(error: InvalidRequestError) -> Response:
        services.metrics.predictions.count_invalid(error.reason)
        return respond(error)

    app.register_error_handler(InvalidRequestError, answer_invalid)
    app.register_error_handler(HTTPException, respond)
    app.register_error_handler(Exception, _answer_fault)


def respond(error: HTTPException) -> Response:
    """Return the response to an error."""
    status = HTTPStatus(error.code or 500)
    title: str = getattr(error, "title", status.phrase)
    body = encode(status, title, error.description, f"urn:request:{current_request_id()}")
    response = Response(body, status, mimetype=MEDIA_TYPE)
    for name, value in error.get_headers():
        if name != "Content-Type":
            response.headers[name] = value
    return response


def encode(
    status: HTTPStatus, title: str, detail: str | None, instance: str | None = None
) -> bytes:
    """Return the body of a problem; a detail or instance of None is left out."""
    problem = {
        "type": f"/docs#{anchor(title)}" if title in TYPES else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
    }
    given = {name: value for name, value in problem.items() if value is not None}
    return msgspec.json.encode(given) + b"\n"


def _answer_fault(error: Exception) -> Response:
    """Log a fault of the service with its traceback, and answer without any of it."""
    log.error("fault in %s %s", request.method, request.url_rule, exc_info=error)
    return respond(InternalServerError(TYPES["Internal Server Error"].meaning))
