"""POST /prediction, its common name /predict, and POST /predictions for many texts at a time.

What a request may be is decided here; what a text means is up to the classifier.
"""

from __future__ import annotations

from time import perf_counter

import msgspec
from flask import Flask, Response, request

from app.errors import ContentTooLargeError, InvalidBatchError, InvalidPredictionError
from app.middleware import LABEL
from app.reading import Options, read_body, read_options
from app.schemas import (
    BatchRequest,
    BatchResponse,
    Explanation,
    PredictionRequest,
    PredictionResponse,
    decode,
    respond,
)
from app.services import Services
from model.classifier import Prediction
from model.rounding import shown_scores
from model.text import is_blank

_request_decoder = msgspec.json.Decoder(PredictionRequest)
_batch_decoder = msgspec.json.Decoder(BatchRequest)


def register(app: Flask, services: Services) -> None:
    """Add the routes, bound to what they use: looking it up at each request costs more."""
    config, classifier, metrics = services.config, services.classifier, services.metrics.predictions
    # The contract knows one error for all that is wrong with a request.
    invalid = InvalidPredictionError

    def describe(text: str, found: Prediction, options: Options) -> PredictionResponse:
        """Count a prediction, and return what the options ask for."""
        metrics.observe_prediction(found, len(text))
        answer = PredictionResponse(found.label)
        if options.scores:
            answer.scores = shown_scores(classifier.labels, found.probabilities)
        if options.explain:
            explanation = classifier.explain(text, found.label, options.explain)
            answer.explanation = Explanation.of(explanation)
        return answer

    @app.post("/prediction")
    @app.post("/predict")
    def prediction() -> Response:
        """Answer the label of one text."""
        # The request itself: every look through the proxy costs as much as a small header.
        current = request._get_current_object()  # type: ignore[attr-defined]
        text = parse(read_body(current, config.max_body_bytes, invalid, coded=invalid))
        options = read_options(current, invalid)
        started = perf_counter()
        answer = describe(text, classifier.predict(text), options)
        seconds = perf_counter() - started
        current.environ[LABEL] = answer.label
        return respond(answer, seconds)

    @app.post("/predictions")
    def predictions() -> Response:
        """Answer the labels of a batch of texts."""
        body = read_body(request, config.max_body_bytes, InvalidBatchError)
        texts = parse_batch(body, config.max_batch)
        options = read_options(request, InvalidBatchError)
        started = perf_counter()
        found = zip(texts, classifier.predict_many(texts), strict=True)
        answers = [describe(text, one, options) for text, one in found]
        seconds = perf_counter() - started
        response = BatchResponse([answer.label for answer in answers])
        if options.scores:
            response.scores = [answer.scores for answer in answers if answer.scores]
        if options.explain:
            response.explanations = [one.explanation for one in answers if one.explanation]
        return respond(response, seconds)


def parse(body: bytes) -> str:
    """Return the text of a request body.

    Raises InvalidPredictionError for anything but a JSON object with a text that is not blank.
    """
    text = decode(_request_decoder, body, InvalidPredictionError, '{"text": "..."}').text
    if is_blank(text):
        raise InvalidPredictionError("The text is blank: there is nothing to classify.", "blank")
    return text


def parse_batch(body: bytes, most: int) -> list[str]:
    """Return the texts of a request body.

    Raises InvalidBatchError (400) for anything but a JSON object with a list of texts that are not
    blank, naming the index of the first that is, and ContentTooLargeError (413) over `most` texts.
    """
    texts = decode(_batch_decoder, body, InvalidBatchError, '{"texts": ["...", "..."]}').texts
    if not texts:
        raise InvalidBatchError("The list of texts is empty: there is nothing to classify.")
    if len(texts) > most:
        raise ContentTooLargeError(f"The batch has {len(texts)} texts; the limit is {most}.")
    for index, text in enumerate(texts):
        if is_blank(text):
            raise InvalidBatchError(
                f"texts[{index}] is blank: there is nothing to classify.", "blank"
            )
    return texts
