"""What the server tells of itself, and whom it believes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Any:
    """A server for all tests."""
    return serve(workers=1)


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
    assert answer.json()["detail"].endswith(": invalid header name.")


def test_forwarded_scheme_is_not_believed(server: Any) -> None:
    """What a proxy says of the scheme is not looked at, not even whether it contradicts itself."""
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-SSL": "off"}
    answer = requests.get(f"{server.url}/healthz", headers=said, timeout=9)
    assert answer.status_code == 200
