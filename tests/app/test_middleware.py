"""Headers of every response: content types are not guessed, and whose pages may call."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

OURS = "https://page.example"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "content-type",
}


@pytest.fixture
def shared(make_app: Callable[..., Flask]) -> FlaskClient:
    """A client of the application that two origins may call."""
    return make_app(cors_origins=f"{OURS},http://localhost:3000").test_client()


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/nowhere", "/static/docs.js"])
def test_content_types_are_not_guessed(client: FlaskClient, path: str) -> None:
    """Pages, files, answers and errors alike forbid browsers to guess their type."""
    with client.get(path) as response:
        assert response.headers.getlist("X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize("method", ["POST", "OPTIONS"])
def test_no_origin_is_allowed_by_default(client: FlaskClient, method: str) -> None:
    """Without the setting, no response has a CORS header."""
    response = client.open("/prediction", method=method, headers={"Origin": OURS, **PREFLIGHT})
    assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_preflight_of_a_set_origin(shared: FlaskClient) -> None:
    """A browser learns that the origin may POST JSON, without credentials."""
    response = shared.options("/prediction", headers={"Origin": OURS, **PREFLIGHT})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == OURS
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "content-type" in response.headers["Access-Control-Allow-Headers"].lower()
    assert response.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize("body", ['{"text":"puck"}', ""])
def test_answers_and_errors_to_a_set_origin(shared: FlaskClient, body: str) -> None:
    """A page may read answers and errors alike, and the request id of both."""
    response = shared.post("/prediction", data=body, headers={"Origin": OURS})
    assert response.headers["Access-Control-Allow-Origin"] == OURS
    assert "X-Request-ID" in response.headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", ["https://page.example.evil.example", "https://other.example"])
def test_other_origins_are_not_allowed(shared: FlaskClient, origin: str) -> None:
    """An origin that is not in the list gets no permission."""
    response = shared.options("/prediction", headers={"Origin": origin, **PREFLIGHT})
    assert "Access-Control-Allow-Origin" not in response.headers


def test_any_origin_has_no_credentials(make_app: Callable[..., Flask]) -> None:
    """The wildcard never goes along with credentials."""
    client = make_app(cors_origins="*").test_client()
    response = client.post("/prediction", json={"text": "puck"}, headers={"Origin": OURS})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers
