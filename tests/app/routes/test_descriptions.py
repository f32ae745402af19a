"""The descriptions as they are served."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from model.classifier import Classifier
from model.manifest import Manifest
from tests.app.conftest import TwoWordScorer

APP = Path(__file__).resolve().parents[3] / "app"


@pytest.mark.parametrize("name", ["openapi.yaml", "contract.yaml"])
def test_yaml_is_served_as_written(client: FlaskClient, name: str) -> None:
    """The YAML documents are the files themselves."""
    response = client.get(f"/{name}")
    assert response.content_type == "application/yaml"
    assert response.data == (APP / name).read_bytes()


def without_examples(part: Any) -> Any:
    """A description without its examples."""
    if isinstance(part, list):
        return [without_examples(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {name: without_examples(value) for name, value in part.items() if name != "examples"}


def test_json_says_the_same(client: FlaskClient) -> None:
    """The JSON form has the content of the YAML form, apart from examples."""
    response = client.get("/openapi.json")
    assert response.content_type == "application/json"
    written = yaml.safe_load(client.get("/openapi.yaml").data)
    assert without_examples(response.get_json()) == without_examples(written)


def test_examples_are_answers_of_the_served_model(client: FlaskClient) -> None:
    """Each example of a request gets the answer that is its example."""
    document = client.get("/openapi.json").get_json()

    def values(part: dict[str, Any]) -> dict[str, Any]:
        examples = part["content"]["application/json"]["examples"]
        return {name: example["value"] for name, example in examples.items()}

    text = values(document["components"]["requestBodies"]["Text"])["one"]
    answers = values(document["components"]["responses"]["Prediction"])
    queries = {"label": "", "scores": "?scores=true", "explained": "?explain=1"}
    for name, query in queries.items():
        assert client.post(f"/prediction{query}", json=text).get_json() == answers[name]
    batch = document["paths"]["/predictions"]["post"]
    (texts,) = values(batch["requestBody"]).values()
    (labels,) = values(batch["responses"]["200"]).values()
    assert client.post("/predictions", json=texts).get_json() == labels
    (model,) = values(document["paths"]["/model"]["get"]["responses"]["200"]).values()
    assert client.get("/model").get_json() == model


def test_examples_show_no_label_of_another_model(manifest: Manifest) -> None:
    """A model of other labels is described without those of the texts to try."""
    manifest = msgspec.structs.replace(manifest, labels=["cat", "dog"])
    app = create_app(Config(), Classifier(TwoWordScorer(), manifest))
    shown = json.dumps(app.test_client().get("/openapi.json").get_json()["components"])
    assert '"label": "cat"' in shown
    assert "hockey" not in shown


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
