"""BentoML: a service class around `pipeline.predict`, one worker."""

from pathlib import Path

import bentoml

from model.artifact import load


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class TextClassifier:
    """Answers the label of one text."""

    def __init__(self) -> None:
        self.pipeline = load(Path("model/trained")).pipeline

    @bentoml.api(route="/prediction")
    def prediction(self, text: str) -> dict[str, str]:
        return {"label": str(self.pipeline.predict([text])[0])}
