"""POST /predictions: batches of texts, answered in order or refused as a whole."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient


def test_labels_are_in_the_order_of_the_texts(client: FlaskClient) -> None:
    """Each label stands where its text stood, and nothing else is answered."""
    response = client.post("/predictions", json={"texts": ["orbit", "puck", "orbit"]})
    assert response.status_code == 200
    assert response.data == b'{"labels":["space","hockey","space"]}\n'


def test_options_give_lists(client: FlaskClient) -> None:
    """Scores and explanations are lists as long as the labels, in the same order."""
    response = client.post(
        "/predictions?scores=true&explain=1", json={"texts": ["orbit", "puck"]}
    ).get_json()
    assert response["labels"] == ["space", "hockey"]
    assert [max(scores, key=scores.get) for scores in response["scores"]] == response["labels"]
    terms = [found["supporting"][0]["term"] for found in response["explanations"]]
    assert terms == ["orbit", "puck"]


def test_one_option_gives_one_list(client: FlaskClient) -> None:
    """Only what was asked for is answered."""
    response = client.post("/predictions?explain=1", json={"texts": ["orbit"]})
    assert response.get_json().keys() == {"labels", "explanations"}


REFUSED = {
    "empty body": (b"", "texts"),
    "no texts": (b'{"text":"puck"}', "`texts`"),
    "texts are a text": (b'{"texts":"puck"}', "$.texts"),
    "no text at all": (b'{"texts":[]}', "empty"),
    "a number": (b'{"texts":["puck",1]}', "$.texts[1]"),
    "a null": (b'{"texts":["puck","orbit",null]}', "$.texts[2]"),
    "a blank": (b'{"texts":["puck"," \\n"]}', "texts[1] is blank"),
    "an empty": (b'{"texts":["","puck"]}', "texts[0] is blank"),
    "bad UTF-8": (b'{"texts":["\xff"]}', "UTF-8"),
    "nested": (b'{"texts":' + b"[" * 200_000, "$.texts"),
    "nested beside": (b'{"x":' + b"[" * 200_000, "nested"),
}


@pytest.mark.parametrize(("body", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_invalid_batch_is_400(client: FlaskClient, body: bytes, reason: str) -> None:
    """A bad batch is a 400 whose reason names the index of the text at fault."""
    response = client.post("/predictions", data=body)
    assert response.status_code == 400
    assert response.get_json()["type"] == "/docs#invalid-batch"
    assert reason in response.get_json()["detail"]
    assert b"puck" not in response.data


def test_bad_option_is_400(client: FlaskClient) -> None:
    """A bad option is this route's own error, not that of the contract."""
    response = client.post("/predictions?explain=0", json={"texts": ["puck"]})
    assert response.status_code == 400


def test_number_of_texts_is_limited(make_app: Callable[..., Flask]) -> None:
    """As many texts as the setting says are taken, and one more is a 413."""
    client = make_app(max_batch=2).test_client()
    assert client.post("/predictions", json={"texts": ["puck"] * 2}).status_code == 200
    response = client.post("/predictions", json={"texts": ["puck"] * 3})
    assert response.status_code == 413
    assert response.get_json()["detail"] == "The batch has 3 texts; the limit is 2."
    assert "Connection" not in response.headers


def test_bytes_are_limited(make_app: Callable[..., Flask]) -> None:
    """A batch over the size limit is a 413."""
    client = make_app(max_body_bytes=20).test_client()
    assert client.post("/predictions", json={"texts": ["puck" * 9]}).status_code == 413


def test_compressed_batch_is_415(client: FlaskClient) -> None:
    """A compressed body is refused, and Accept-Encoding names what would do."""
    response = client.post("/predictions", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert response.status_code == 415
    assert response.headers["Accept-Encoding"] == "identity"
    assert response.get_json()["type"] == "/docs#unsupported-content-coding"


def test_model_time_is_told(client: FlaskClient) -> None:
    """Server-Timing shows the model's share of the time."""
    response = client.post("/predictions", json={"texts": ["puck"]})
    assert response.headers["Server-Timing"].startswith("model;dur=")
