"""The WSGI side of a request: its environ (PEP 3333), the call, and the answer as bytes."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Iterable
from email.utils import formatdate
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import httptools

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

ERROR = "server.error"
"""Environ key of a request that the server rejects: its status, and the reason or None. The
application writes the answer, so that every error has one shape, is counted and is logged."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

WITHOUT_BODY = ("204", "304")


def base_environ(host: str, port: int) -> WSGIEnvironment:
    """Return what the environs of all requests share."""
    return {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_SOFTWARE": "gunicorn",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        # The body is whole when the application is called.
        "wsgi.input_terminated": True,
    }


@lru_cache(maxsize=1024)
def environ_key(name: bytes) -> str:
    """Return the environ key of a header, for example HTTP_X_REQUEST_ID for x-request-id."""
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def fill(environ: WSGIEnvironment, target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Add what the request line and the headers say to an environ.

    Raises ValueError for a target that is neither a path nor an absolute http URL (RFC 9112,
    sections 3.2.1 and 3.2.2).
    """
    for name, value in headers:
        key = environ_key(name)
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    if not target.startswith(b"/"):
        try:
            url = httptools.parse_url(target)
        except httptools.HttpParserInvalidURLError:
            raise ValueError("the target is no URL") from None
        if url.schema not in (b"http", b"https") or not url.host:
            raise ValueError("the target is neither a path nor an http URL")
        environ["HTTP_HOST"] = target.split(b"/", 3)[2].decode("latin-1")
        target = target[target.index(url.host) :].partition(b"/")[2].join((b"/", b""))
    path, _, query = target.partition(b"?")
    environ["REQUEST_URI"] = environ["RAW_URI"] = target.decode("latin-1")
    environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
    environ["QUERY_STRING"] = query.decode("latin-1")


def call(
    application: WSGIApplication, environ: WSGIEnvironment, body: bytes | bytearray
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Return status line, headers and body of the application's answer."""
    environ["wsgi.input"] = io.BytesIO(body)
    started: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = status, headers
        return written.append

    written: list[bytes] = []
    content = application(environ, start_response)
    try:
        written.extend(content)
    finally:
        if hasattr(content, "close"):
            content.close()
    return started[0], started[1], written[0] if len(written) == 1 else b"".join(written)


def encode(
    status: str, headers: list[tuple[str, str]], body: bytes, *, method: str, connection: str
) -> bytes:
    """Return a whole answer; `connection` is the value of that header, "" to leave it out.

    Headers of a connection are the server's: those that the application set are dropped.
    """
    lines = [f"HTTP/1.1 {status}\r\nServer: gunicorn\r\nDate: {date(int(time.time()))}\r\n"]
    has_length = status.startswith(WITHOUT_BODY)
    for name, value in headers:
        lowered = name.lower()
        if lowered != "connection":
            lines += (name, ": ", value, "\r\n")
            has_length = has_length or lowered == "content-length"
    if not has_length:
        lines.append(f"Content-Length: {len(body)}\r\n")
    if connection:
        lines.append(f"Connection: {connection}\r\n")
    lines.append("\r\n")
    head = "".join(lines).encode("latin-1")
    return head if method == "HEAD" or status.startswith(WITHOUT_BODY) else head + body


@lru_cache(maxsize=1)
def date(seconds: int) -> str:
    """Return the value of the Date header for a time in seconds since the epoch."""
    return formatdate(seconds, usegmt=True)
