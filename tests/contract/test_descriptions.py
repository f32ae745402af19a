"""The descriptions themselves: valid, complete, and true of the application's routes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from flask import Flask
from openapi_spec_validator import validate

from app.errors import TYPES, anchor

# Every route has these from Flask: HEAD as GET without a body, OPTIONS to list the methods.
IMPLIED = {"HEAD", "OPTIONS"}

# Files that pages link to are no operations of the API.
FILES = {"static", "docs.static"}


def described(app: Flask, path: str) -> dict[str, Any]:
    """Return the description served under a path."""
    document: dict[str, Any] = yaml.safe_load(app.test_client().get(path).data)
    return document


@pytest.fixture(params=["/openapi.yaml", "/openapi.json", "/contract.yaml"])
def document(app: Flask, request: pytest.FixtureRequest) -> dict[str, Any]:
    """Each of the descriptions."""
    return described(app, request.param)


def test_description_is_valid(document: dict[str, Any]) -> None:
    """Each description obeys the specification that it names."""
    validate(document)


def test_every_route_is_described_and_no_other(app: Flask) -> None:
    """Paths and methods of OpenAPI are those of the application, both ways."""
    paths = described(app, "/openapi.yaml")["paths"]
    in_description = {(path, method.upper()) for path, item in paths.items() for method in item}
    in_app = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in FILES
        for method in (rule.methods or set()) - IMPLIED
    }
    assert in_description == in_app


def test_contract_is_part_of_the_description(app: Flask) -> None:
    """What the contract promises of /prediction, OpenAPI does: operation, statuses, schemas."""
    contract, full = described(app, "/contract.yaml"), described(app, "/openapi.yaml")
    promised, kept = (found["paths"]["/prediction"]["post"] for found in (contract, full))
    assert contract["host"] == "localhost:8080"
    assert promised["operationId"] == kept["operationId"] == "prediction"
    assert promised["responses"].keys() <= kept["responses"].keys()
    for name, schema in contract["definitions"].items():
        ours = full["components"]["schemas"][name]
        assert schema["required"] == ours["required"]
        assert schema["properties"].keys() <= ours["properties"].keys()


def problems(part: Any) -> list[dict[str, Any]]:
    """Return the problems among the examples in a part of a description."""
    if isinstance(part, list):
        return [found for item in part for found in problems(item)]
    if not isinstance(part, dict):
        return []
    here = [part] if part.keys() >= {"type", "title", "detail", "instance"} else []
    return here + [found for item in part.values() for found in problems(item)]


def test_every_problem_type_has_an_example(app: Flask) -> None:
    """The examples show each type of problem except those that any path can have."""
    description = described(app, "/openapi.yaml")
    shown = {
        (problem["type"], problem["title"])
        for problem in problems({"paths": description["paths"], **description["components"]})
        if isinstance(problem["status"], int)
    }
    anywhere = {"Not Found"}
    assert shown == {(f"/docs#{anchor(title)}", title) for title in TYPES if title not in anywhere}


def test_wrong_methods_and_options(app: Flask) -> None:
    """On every route OPTIONS lists the methods, GET allows HEAD, and others are 405."""
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in FILES:
            continue
        allowed = set(client.options(rule.rule).headers["Allow"].split(", "))
        assert allowed == rule.methods
        refused = client.delete(rule.rule)
        assert (refused.status_code, refused.get_json()["title"]) == (405, "Method Not Allowed")
        assert set(refused.headers["Allow"].split(", ")) == rule.methods
        if "GET" in allowed:
            head = client.head(rule.rule)
            assert (head.status_code, head.data) == (200, b"")
            assert head.headers["Content-Type"] == client.get(rule.rule).headers["Content-Type"]
