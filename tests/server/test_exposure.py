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


def test_proxy_cannot_move_paths(server: Any) -> None:
    """Not even a neighbour on the same host may say where the application begins."""
    moved = requests.get(
        f"{server.url}/elsewhere/healthz", headers={"SCRIPT_NAME": "/elsewhere"}, timeout=9
    )
    assert moved.status_code == 404


def test_underscore_is_no_hyphen(server: Any) -> None:
    """A header with an underscore does not pass for the one with a hyphen."""
    answer = requests.get(f"{server.url}/healthz", headers={"X_Request_ID": "abc"}, timeout=9)
    assert answer.headers["X-Request-ID"] != "abc"
