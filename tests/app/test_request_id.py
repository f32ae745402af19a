"""The request id: taken when valid, made otherwise, always returned."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from app.request_id import current_request_id


@pytest.mark.parametrize("given", ["a", "Root=1-67891233-abcdef012345678912345678", "x" * 128])
def test_valid_id_is_taken(client: FlaskClient, given: str) -> None:
    """The client's own id comes back."""
    response = client.get("/healthz", headers={"X-Request-ID": given})
    assert response.headers.getlist("X-Request-ID") == [given]


@pytest.mark.parametrize("given", ["", " ", "a b", "x" * 129, "ü", '"'])
def test_other_id_is_replaced(client: FlaskClient, given: str) -> None:
    """An id that could do harm in a log or header is replaced by a new one."""
    found = client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", found)


def test_ids_differ(client: FlaskClient) -> None:
    """Each request gets an id of its own."""
    ids = {client.get("/healthz").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("path", ["/nowhere", "/prediction"])
def test_errors_carry_the_id(client: FlaskClient, path: str) -> None:
    """An error's header and its instance hold the same id."""
    response = client.get(path)
    found = response.headers["X-Request-ID"]
    assert response.get_json()["instance"] == f"urn:request:{found}"


def test_no_id_outside_of_requests() -> None:
    """What is logged outside of a request carries a dash."""
    assert current_request_id() == "-"
