"""POST /predictions: the labels of many texts at a time, in their order.

May import the HTTP edge's other modules, and the classifier's type. Outside of the contract, so
its errors have the statuses that HTTP has for them.
"""

from __future__ import annotations

from time import perf_counter

import msgspec
from flask import Blueprint, Response, request

from app import answers, wire
from app.body import read_body
from app.metrics.predictions import PredictionMetrics
from app.options import read_options
from app.problems import ContentTooLarge, InvalidBatch
from app.settings import Settings
from model.classifier import Classifier


class BatchRequest(msgspec.Struct):
    """The request body; properties that it does not name are ignored."""

    texts: list[str]


class BatchResponse(msgspec.Struct, omit_defaults=True):
    """The response body: lists of one length, in the order of the texts."""

    labels: list[str]
    scores: list[dict[str, float]] | None = None
    explanations: list[answers.Explanation] | None = None


_decoder = msgspec.json.Decoder(BatchRequest)


def blueprint(settings: Settings, classifier: Classifier, metrics: PredictionMetrics) -> Blueprint:
    """Return the route, bound to what it uses."""
    blueprint = Blueprint("predictions", __name__)

    @blueprint.post("/predictions")
    def predictions() -> Response:
        """Answer the labels of a batch of texts."""
        body = read_body(request, settings.max_body_bytes, InvalidBatch)
        texts = parse(body, settings.max_batch)
        options = read_options(request, InvalidBatch)
        started = perf_counter()
        found = answers.answer_many(classifier, metrics, texts, options)
        seconds = perf_counter() - started
        labels, scores, explanations = map(list, zip(*found, strict=True))
        response = BatchResponse(labels)
        if options.scores:
            response.scores = scores
        if options.explain:
            response.explanations = explanations
        return wire.respond(response, seconds)

    return blueprint


def parse(body: bytes, most: int) -> list[str]:
    """Return the texts of a request body.

    Raises InvalidBatch (400) for anything but a JSON object with a list of texts that are not
    blank, naming the index of the first that is, and ContentTooLarge (413) over `most` of them.
    """
    texts = wire.decode(_decoder, body, InvalidBatch, '{"texts": ["...", "..."]}').texts
    if not texts:
        raise InvalidBatch("The list of texts is empty: there is nothing to classify.")
    if len(texts) > most:
        raise ContentTooLarge(f"The batch has {len(texts)} texts; the limit is {most}.")
    for index, text in enumerate(texts):
        if wire.is_blank(text):
            raise InvalidBatch(f"texts[{index}] is blank: there is nothing to classify.", "blank")
    return texts
