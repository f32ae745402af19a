"""The API's descriptions: OpenAPI 3.1 as YAML and JSON, and the Swagger 2.0 contract.

May import nothing of ours. openapi.yaml is the one source; its JSON form is made of it at start.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec
from flask import Blueprint, Flask, Response

FOLDER = Path(__file__).parent

# RFC 9512.
YAML = "application/yaml"

blueprint = Blueprint("openapi", __name__)


def init_app(app: Flask) -> None:
    """Serve the descriptions; all are read here, so that no request reads or converts a file."""
    read("contract.yaml")
    read_as_json("openapi.yaml")
    app.register_blueprint(blueprint)


@cache
def read(name: str) -> bytes:
    """Return the bytes of a description."""
    return (FOLDER / name).read_bytes()


@cache
def read_as_json(name: str) -> bytes:
    """Return a YAML description as JSON."""
    return msgspec.json.encode(msgspec.yaml.decode(read(name))) + b"\n"


@blueprint.get("/openapi.json")
def openapi_json() -> Response:
    """Answer the OpenAPI document as JSON."""
    return Response(read_as_json("openapi.yaml"), mimetype="application/json")


@blueprint.get("/openapi.yaml")
def openapi_yaml() -> Response:
    """Answer the OpenAPI document as it was written."""
    return Response(read("openapi.yaml"), mimetype=YAML)


@blueprint.get("/contract.yaml")
def contract_yaml() -> Response:
    """Answer the Swagger 2.0 contract of POST /prediction."""
    return Response(read("contract.yaml"), mimetype=YAML)
