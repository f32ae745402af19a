"""Errors as problems: the API's, HTTP's, and faults."""

from __future__ import annotations

import logging

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient

from app.errors import TYPES, anchor
from model.classifier import Classifier


def test_unknown_path_is_a_problem(client: FlaskClient) -> None:
    """A path that does not exist is a 404 problem with the request's id."""
    response = client.get("/nowhere", headers={"X-Request-ID": "abc"})
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert response.data.endswith(b"}\n")
    problem = response.get_json()
    assert problem.pop("detail")
    assert problem == {
        "type": "/docs#not-found",
        "title": "Not Found",
        "status": 404,
        "instance": "urn:request:abc",
    }


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE"])
def test_wrong_method_is_not_a_validation_exception(client: FlaskClient, method: str) -> None:
    """405 for the method has a type of its own, and Allow names the methods there are."""
    response = client.open("/prediction", method=method)
    assert response.status_code == 405
    assert response.get_json()["type"] == "/docs#method-not-allowed"
    assert set(response.headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_status_without_a_type_of_ours(app: Flask) -> None:
    """A status that is not explained on /docs gets the type that RFC 9457 has for that."""
    app.add_url_rule("/teapot", view_func=lambda: abort(418))
    assert app.test_client().get("/teapot").get_json()["type"] == "about:blank"


@pytest.mark.parametrize("title", TYPES)
def test_anchors_are_plain(title: str) -> None:
    """An anchor can stand in a URL as it is."""
    assert anchor(title).replace("-", "").isalpha()


@pytest.mark.parametrize("route", ["/prediction", "/predictions"])
def test_fault_is_500_and_logged(
    app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, route: str
) -> None:
    """A classifier that fails is our fault: 500, never the contract's 405, and a log entry."""

    def fail(self: Classifier, text: object) -> None:
        raise ValueError(f"cannot classify {text}")

    monkeypatch.setattr(Classifier, "predict", fail)
    monkeypatch.setattr(Classifier, "predict_many", fail)
    response = app.test_client().post(
        route,
        json={"text": "the puck", "texts": ["the puck"]},
        headers={"X-Request-ID": "abc"},
    )
    assert response.status_code == 500
    assert response.headers["X-Request-ID"] == "abc"
    assert response.get_json()["instance"] == "urn:request:abc"
    assert response.get_json()["type"] == "/docs#internal-server-error"
    assert b"puck" not in response.data
    record = next(found for found in caplog.records if found.name == "app.errors")
    assert record.levelno == logging.ERROR
    assert record.getMessage() == f"fault in POST {route}"
    assert record.exc_info
