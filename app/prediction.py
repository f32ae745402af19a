"""POST /prediction of the contract, and /predict, the same view under its common name.

May import the HTTP edge's other modules, and the classifier's type. What a request may be is
decided here; what a text means is the classifier's.
"""

from __future__ import annotations

from time import perf_counter

import msgspec
from flask import Blueprint, Response, g, request

from app import answers, wire
from app.body import read_body
from app.metrics.predictions import PredictionMetrics
from app.options import read_options
from app.problems import InvalidPredictionRequest
from app.settings import Settings
from model.classifier import Classifier


class PredictionRequest(msgspec.Struct):
    """The contract's request body; properties that it does not name are ignored."""

    text: str


class PredictionResponse(msgspec.Struct, omit_defaults=True):
    """The contract's response body, exactly, unless the options ask for more."""

    label: str
    scores: dict[str, float] | None = None
    explanation: answers.Explanation | None = None


_decoder = msgspec.json.Decoder(PredictionRequest)


def blueprint(settings: Settings, classifier: Classifier, metrics: PredictionMetrics) -> Blueprint:
    """Return the routes, bound to what they use: looking it up at each request costs more."""
    blueprint = Blueprint("prediction", __name__)
    # The contract knows one error for all that is wrong with a request.
    invalid = InvalidPredictionRequest

    @blueprint.post("/prediction")
    @blueprint.post("/predict")
    def prediction() -> Response:
        """Answer the label of one text."""
        # The request itself: every look through the proxy costs as much as a small header.
        current = request._get_current_object()  # type: ignore[attr-defined]
        text = parse(read_body(current, settings.max_body_bytes, invalid, coded=invalid))
        options = read_options(current, invalid)
        started = perf_counter()
        answer = answers.answer(classifier, metrics, text, options)
        seconds = perf_counter() - started
        if settings.access_log:
            g.label = answer.label
        return wire.respond(PredictionResponse(*answer), seconds)

    return blueprint


def parse(body: bytes) -> str:
    """Return the text of a request body.

    Raises InvalidPredictionRequest for anything but a JSON object with a text that is not blank.
    """
    text = wire.decode(_decoder, body, InvalidPredictionRequest, '{"text": "..."}').text
    if wire.is_blank(text):
        raise InvalidPredictionRequest("The text is blank: there is nothing to classify.", "blank")
    return text
