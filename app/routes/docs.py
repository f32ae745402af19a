"""GET /docs, a page to read and try the API, and the descriptions that it is made of.

openapi.yaml is the one source; its JSON form is made of it at start. Swagger UI comes out of its
Python package, so that the page works without the internet and under a policy that lets nothing
else run on it.
"""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
import msgspec
from flask import Blueprint, Flask, Response, make_response, render_template

from app.errors import TYPES, anchor
from app.middleware import PAGE_POLICY
from app.services import Services

FOLDER = Path(__file__).resolve().parent.parent

# RFC 9512.
YAML = "application/yaml"


def register(app: Flask, services: Services) -> None:
    """Add the routes; all files are read here, so that no request reads or converts one."""
    openapi, contract = read("openapi.yaml"), read("contract.yaml")
    openapi_as_json = as_json(openapi)
    blueprint = Blueprint(
        "docs",
        __name__,
        static_folder=Path(flask_swagger_ui.__file__).parent / "dist",
        static_url_path="/docs/swagger-ui",
    )

    @blueprint.get("/docs")
    def docs() -> Response:
        """Answer the page; the problem types of errors are anchors on it."""
        types = [(anchor(title), title, meaning) for title, meaning in TYPES.items()]
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


def as_json(description: bytes) -> bytes:
    """Return a YAML description as JSON."""
    return msgspec.json.encode(msgspec.yaml.decode(description)) + b"\n"
