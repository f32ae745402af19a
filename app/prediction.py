"""POST /prediction of the contract, and /predict, the same view under its common name.

May import the problems, the body and the metrics of ours, and the classifier's type. What a request
may be is decided here; what a text means is the classifier's.
"""

from __future__ import annotations

import msgspec
from flask import Blueprint, Response, current_app, request

from app.body import read_body
from app.metrics import PredictionMetrics
from app.problems import InvalidPredictionRequest
from app.settings import Settings
from model.classifier import Classifier

blueprint = Blueprint("prediction", __name__)


class PredictionRequest(msgspec.Struct):
    """The contract's request body; properties that it does not name are ignored."""

    text: str


class PredictionResponse(msgspec.Struct):
    """The contract's response body, exactly."""

    label: str


_decode = msgspec.json.Decoder(PredictionRequest).decode
_encode = msgspec.json.Encoder().encode


@blueprint.post("/prediction")
@blueprint.post("/predict")
def prediction() -> Response:
    """Answer the label of one text."""
    settings: Settings = current_app.extensions["settings"]
    classifier: Classifier = current_app.extensions["classifier"]
    text = parse(read_body(request, settings.max_body_bytes, InvalidPredictionRequest))
    found = classifier.predict(text)
    metrics: PredictionMetrics = current_app.extensions["metrics"]
    metrics.observe_prediction(found, len(text))
    # A line end, so that a terminal's prompt starts on a line of its own after curl.
    return Response(_encode(PredictionResponse(found.label)) + b"\n", mimetype="application/json")


def parse(body: bytes) -> str:
    """Return the text of a request body, read as JSON whatever its Content-Type says.

    Raises InvalidPredictionRequest for anything but a JSON object with a text that is not blank.
    """
    try:
        # msgspec does not look inside properties that it skips: decode first to see bad UTF-8.
        text = _decode(body.decode("utf-8")).text
    except UnicodeDecodeError:
        raise InvalidPredictionRequest("The body is not valid UTF-8.", "encoding") from None
    except RecursionError:
        raise InvalidPredictionRequest("The body is nested too deep.", "nesting") from None
    except msgspec.DecodeError as error:
        raise InvalidPredictionRequest(
            f'The body must be a JSON object {{"text": "..."}}: {error}.',
            "schema" if isinstance(error, msgspec.ValidationError) else "syntax",
        ) from None
    if not text or text.isspace():
        raise InvalidPredictionRequest("The text is blank: there is nothing to classify.", "blank")
    return text
