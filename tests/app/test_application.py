"""What this service's Flask leaves out, and what it keeps."""

from __future__ import annotations

import pytest
from flask import Flask, session, url_for
from flask.testing import FlaskClient


def test_nothing_can_be_kept_in_a_session(app: Flask) -> None:
    """A view that tries to keep something for a client fails, whichever request it is in."""
    for _ in range(2):
        with app.test_request_context("/"):
            assert not session
            with pytest.raises(RuntimeError, match="session is unavailable"):
                session["seen"] = True
            assert not session


def test_routes_do_not_depend_on_the_host(client: FlaskClient) -> None:
    """Whatever host a client names, the path decides."""
    for host in ("example.org", "[::1]:8080", "xn--nxasmq6b"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_paths_are_built_below_the_prefix_of_the_application(app: Flask) -> None:
    """Behind a server that mounts the application somewhere, links lead there."""
    with app.test_request_context("/docs", base_url="http://localhost/prefix"):
        assert url_for("docs.docs") == "/prefix/docs"


def test_head_of_a_prediction_has_no_body(client: FlaskClient) -> None:
    """A HEAD is answered as the GET would be, without its body."""
    answer = client.head("/model")
    assert (answer.status_code, answer.data) == (200, b"")
