"""The descriptions as they are served."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

APP = Path(__file__).resolve().parents[3] / "app"


@pytest.mark.parametrize("name", ["openapi.yaml", "contract.yaml"])
def test_yaml_is_served_as_written(client: FlaskClient, name: str) -> None:
    """The YAML documents are the files themselves."""
    response = client.get(f"/{name}")
    assert response.content_type == "application/yaml"
    assert response.data == (APP / name).read_bytes()


def test_json_says_the_same(client: FlaskClient) -> None:
    """The JSON form has the content of the YAML form."""
    response = client.get("/openapi.json")
    assert response.content_type == "application/json"
    assert response.get_json() == yaml.safe_load(client.get("/openapi.yaml").data)


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml", "/contract.yaml"])
def test_requests_read_no_file(
    make_app: Callable[..., Flask], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Whatever there is to read and convert is read when the application is made."""
    client = make_app().test_client()

    def fail(path: Path) -> bytes:
        raise AssertionError(f"{path} is read")

    # Set on the class itself: from Python 3.13 on it only inherits the method.
    monkeypatch.setattr(Path, "read_bytes", fail, raising=False)
    assert client.get(path).status_code == 200
