"""Reading a request's body from a WSGI environment: whole, or refused."""

from __future__ import annotations

import io
from typing import NoReturn

import pytest
from flask import Request
from gunicorn.http.errors import ChunkMissingTerminator, InvalidChunkSize, NoMoreData
from werkzeug.exceptions import BadRequest, HTTPException

from app.errors import BodyTimeoutError, BodyTooLargeError
from app.reading import read_body

LIMIT = 8


class Failing(io.BytesIO):
    """An input that breaks while it is read."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def read(self, size: int | None = -1) -> NoReturn:
        raise self.error


def request(
    body: bytes | io.BytesIO, stated: object = None, *, terminated: bool = False
) -> Request:
    """Return a request with this body and Content-Length, as a server hands it over."""
    stream = io.BytesIO(body) if isinstance(body, bytes) else body
    environ: dict[str, object] = {"REQUEST_METHOD": "POST", "wsgi.input": stream}
    if stated is not None:
        environ["CONTENT_LENGTH"] = str(stated)
    if terminated:
        # What gunicorn sets: reading ends at the body's end even without a Content-Length.
        environ["wsgi.input_terminated"] = True
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    return Request(environ)


def read(given: Request) -> bytes:
    """Read the body with the limit of these tests."""
    return read_body(given, LIMIT, BadRequest)


@pytest.mark.parametrize("terminated", [True, False])
@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"x" * LIMIT])
def test_body_of_stated_length_is_read(body: bytes, terminated: bool) -> None:
    """Up to the limit itself, every byte arrives."""
    assert read(request(body, len(body), terminated=terminated)) == body


def test_no_more_than_the_stated_length_is_read() -> None:
    """What follows on the connection is another request's."""
    stream = io.BytesIO(b"mine" + b"next")
    assert read(request(stream, 4)) == b"mine"
    assert stream.read() == b"next"


@pytest.mark.parametrize("body", [b"", b"chunked", b"x" * LIMIT])
def test_chunked_body_is_read(body: bytes) -> None:
    """A body without a Content-Length is read to its end."""
    assert read(request(body, terminated=True)) == body


@pytest.mark.parametrize("stated", [None, "", "many"])
def test_no_length_and_no_end_is_no_body(stated: object) -> None:
    """Where neither is known nothing is read: the read might never return."""
    stream = io.BytesIO(b"next")
    assert read(request(stream, stated)) == b""
    assert stream.tell() == 0


def test_stated_length_over_the_limit_is_refused_unread() -> None:
    """A body that is said to be too large is refused without reading a byte of it."""
    stream = Failing(AssertionError("read"))
    with pytest.raises(BodyTooLargeError, match=r"The body has 9 bytes; the limit is 8\."):
        read(request(stream, LIMIT + 1))


def test_chunked_body_over_the_limit_is_refused() -> None:
    """A body of unstated length is not cut at the limit; reading stops one byte past it."""
    stream = io.BytesIO(b"x" * 99)
    with pytest.raises(
        BodyTooLargeError, match=r"The body is over the limit of 8 bytes\."
    ) as caught:
        read(request(stream, terminated=True))
    assert ("Connection", "close") in caught.value.get_headers()
    assert stream.tell() == LIMIT + 1


def test_body_that_ends_early_is_the_routes_own_error() -> None:
    """Half a body is never taken for a whole one; the route says which error that is."""

    class Teapot(HTTPException):
        code = 418

    with pytest.raises(Teapot, match=r"The body ends after 3 of 4 bytes\."):
        read_body(request(b"123", 4), LIMIT, Teapot)


@pytest.mark.parametrize(
    "error",
    [
        NoMoreData(),
        InvalidChunkSize(b"zz"),
        ChunkMissingTerminator(b"ab"),
        ConnectionResetError("Connection reset by peer"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_broken_body_is_the_routes_own_error(error: Exception) -> None:
    """Malformed chunks and a lost connection are the client's fault, not the service's."""
    with pytest.raises(BadRequest, match="ends early, or its chunks are malformed"):
        read(request(Failing(error), terminated=True))


def test_stalled_body_is_a_timeout() -> None:
    """A client that sends nothing for too long gets 408."""
    with pytest.raises(BodyTimeoutError, match=r"The body did not arrive in time\."):
        read(request(Failing(TimeoutError("timed out")), 4))
