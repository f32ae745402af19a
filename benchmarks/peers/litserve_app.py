"""LitServe: an API class around `pipeline.predict`, one worker process. Usage: ... PORT"""

import sys
from pathlib import Path
from typing import Any

import litserve

from model.artifact import load


class TextClassifier(litserve.LitAPI):
    """Answers the label of one text."""

    def setup(self, device: str) -> None:
        self.pipeline = load(Path("model/trained")).pipeline

    def decode_request(self, request: dict[str, str]) -> str:
        return request["text"]

    def predict(self, x: str) -> str:
        return str(self.pipeline.predict([x])[0])

    def encode_response(self, output: str) -> dict[str, Any]:
        return {"label": output}


if __name__ == "__main__":
    server = litserve.LitServer(TextClassifier(api_path="/prediction"), accelerator="cpu")
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning"
    )
