"""What the server shows of itself, and whom it believes."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Any:
    """A server for all tests."""
    return serve(workers=1)


@pytest.fixture(scope="module")
def talkative(serve: Callable[..., Any]) -> Any:
    """A server that logs as much as it can."""
    return serve(workers=1, log_level="debug", access_log=True)


@pytest.mark.parametrize("path", ["/", "/docs", "/healthz", "/nowhere", "/static/page.js"])
def test_version_of_the_server_is_not_told(server: Any, path: str) -> None:
    """No answer says which version of what it comes from."""
    answer = requests.get(f"{server.url}{path}", timeout=9)
    assert answer.headers["Server"] == "gunicorn"
    assert "X-Powered-By" not in answer.headers


@pytest.mark.parametrize("name", ["SCRIPT_NAME", "PATH_INFO", "X_Request_ID", "Transfer_Encoding"])
def test_underscore_is_refused(server: Any, name: str) -> None:
    """No header passes for another, or for what only the server itself may say of a request."""
    answer = requests.get(f"{server.url}/healthz", headers={name: "/healthz"}, timeout=9)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(": underscore in a header's name.")


def test_forwarded_scheme_is_not_believed(server: Any) -> None:
    """What a proxy says of the scheme is not looked at, not even whether it contradicts itself."""
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-SSL": "off"}
    answer = requests.get(f"{server.url}/healthz", headers=said, timeout=9)
    assert answer.status_code == 200


SECRET = b"quixotic"
POST = b"POST /prediction HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        POST + b'Content-Length: 19\r\n\r\n{"text":"quixotic"}',
        POST + b'Content-Length: 9\r\n\r\n{"text":"quixotic"}\r\n\r\n',
        POST + b'Content-Length: 99\r\n\r\n{"text":"quixotic"}',
        POST + b"Transfer-Encoding: chunked\r\n\r\nquixotic\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n8\r\nquixotic!!\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nquixotic\r\n\r\n",
        b"GET /quixotic?quixotic=quixotic HTTP/1.1\r\nHost: quixotic\r\nCookie: quixotic\r\n\r\n",
        b"GET /quixotic HTTP/1.1\r\nquixotic\r\n\r\n",
        b"GET /quixotic HTTP/1.1\r\nX-Quixotic quixotic: quixotic\r\n\r\n",
        b"quixotic / HTTP/1.1\r\n\r\n",
        b"GET / quixotic\r\n\r\n",
        b"GET / HTTP/1.1\r\nquixotic",
        b"quixotic",
    ],
)
def test_nothing_that_is_sent_is_logged(talkative: Any, request_: bytes) -> None:
    """Not even a server that logs all it can repeats any of a request, whatever it is."""
    host, _, port = talkative.url.removeprefix("http://").partition(":")
    before = talkative.log.stat().st_size
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65_536):
            pass
    deadline = time.monotonic() + 20
    while talkative.log.stat().st_size == before:
        assert time.monotonic() < deadline, "nothing is logged"
        time.sleep(0.05)
    assert SECRET.decode() not in talkative.log.read_text().lower()
