"""The service that one would write first: Flask, a joblib dump, `pipeline.predict`.

Served by gunicorn's default sync workers.
"""

from pathlib import Path

from flask import Flask, Response, jsonify, request

from model.artifact import load

pipeline = load(Path("model/trained")).pipeline
application = Flask(__name__)


@application.post("/prediction")
def prediction() -> Response:
    """Answer the label of one text."""
    return jsonify(label=str(pipeline.predict([request.get_json()["text"]])[0]))


@application.get("/readyz")
def ready() -> str:
    """Answer that the server is up."""
    return "ready"
