"""GET /docs, a page to read and try the API, and the descriptions that it is made of.

openapi.yaml is the one source; its JSON form, which the page shows, is made of it at start, with
examples that the served model answers. Swagger UI comes out of its Python package, so that the page
works without the internet and under a policy that lets nothing else run on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask_swagger_ui
import msgspec
from flask import Blueprint, Flask, Response, make_response, render_template

from app.errors import TYPES, anchor
from app.examples import EXAMPLES
from app.middleware import PAGE_POLICY
from app.routes import model
from app.schemas import BatchResponse, Explanation, PredictionResponse
from app.services import Services
from model.classifier import Classifier
from model.rounding import shown_scores

FOLDER = Path(__file__).resolve().parent.parent

# RFC 9512.
YAML = "application/yaml"


def register(app: Flask, services: Services) -> None:
    """Add the routes; all files are read here, so that no request reads or converts one."""
    openapi, contract = read("openapi.yaml"), read("contract.yaml")
    openapi_as_json = as_json(openapi, services.classifier)
    blueprint = Blueprint(
        "docs",
        __name__,
        static_folder=Path(flask_swagger_ui.__file__).parent / "dist",
        static_url_path="/docs/swagger-ui",
    )

    @blueprint.get("/docs")
    def docs() -> Response:
        """Answer the page; the problem types of errors are anchors on it."""
        types = [(anchor(title), title, *described) for title, described in TYPES.items()]
        response = make_response(render_template("docs.html", types=types))
        response.headers["Content-Security-Policy"] = PAGE_POLICY
        return response

    @blueprint.get("/openapi.json")
    def openapi_json() -> Response:
        """Answer the OpenAPI document as JSON."""
        return Response(openapi_as_json, mimetype="application/json")

    @blueprint.get("/openapi.yaml")
    def openapi_yaml() -> Response:
        """Answer the OpenAPI document as it was written."""
        return Response(openapi, mimetype=YAML)

    @blueprint.get("/contract.yaml")
    def contract_yaml() -> Response:
        """Answer the Swagger 2.0 contract of POST /prediction."""
        return Response(contract, mimetype=YAML)

    app.register_blueprint(blueprint)


def read(name: str) -> bytes:
    """Return the bytes of a description."""
    return (FOLDER / name).read_bytes()


def as_json(description: bytes, classifier: Classifier) -> bytes:
    """Return the OpenAPI document as JSON, with examples of this classifier."""
    document = msgspec.yaml.decode(description)
    for path, values in examples(classifier).items():
        *parents, last = path.split(" ")
        part = document
        for name in parents:
            part = part[name]
        part[last]["content"]["application/json"]["examples"] = values
    return msgspec.json.encode(document) + b"\n"


def examples(classifier: Classifier) -> dict[str, Any]:
    """Return texts and the classifier's answers to them, by where they stand in the document."""
    known = [EXAMPLES[label] for label in classifier.labels if label in EXAMPLES]
    texts = [*known, "A text to classify.", "Another text."][:2]
    found = classifier.predict(texts[0])
    scores = shown_scores(classifier.labels, found.probabilities)
    explanation = Explanation.of(classifier.explain(texts[0], found.label, 1))
    return {
        "components requestBodies Text": {
            "one": _example("A text", {"text": texts[0]}),
            "another": _example("Another text", {"text": texts[1]}),
        },
        "components responses Prediction": {
            "label": _example("Without options", PredictionResponse(found.label)),
            "scores": _example("With scores=true", PredictionResponse(found.label, scores)),
            "explained": _example(
                "With explain=1", PredictionResponse(found.label, explanation=explanation)
            ),
        },
        "paths /predictions post requestBody": {"two": _example("Two texts", {"texts": texts})},
        "paths /predictions post responses 200": {
            "two": _example(
                "Labels of two texts",
                BatchResponse([one.label for one in classifier.predict_many(texts)]),
            )
        },
        "paths /model get responses 200": {
            "model": _example("The model that is served", model.describe(classifier.manifest))
        },
    }


def _example(summary: str, value: object) -> dict[str, object]:
    return {"summary": summary, "value": value}
