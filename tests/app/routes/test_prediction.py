"""POST /prediction: what is answered, what is refused, and how."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

ROUTES = pytest.mark.parametrize("route", ["/prediction", "/predict"])

REFUSED = {
    "empty body": b"",
    "white space": b" \n",
    "no JSON": b"puck",
    "two documents": b'{"text":"puck"}{}',
    "array": b'["puck"]',
    "string": b'"puck"',
    "null": b"null",
    "no text": b"{}",
    "other case": b'{"Text":"puck"}',
    "text is null": b'{"text":null}',
    "text is a number": b'{"text":1}',
    "text is a list": b'{"text":["puck"]}',
    "empty text": b'{"text":""}',
    "blank text": '{"text":" \\n\\t\u2003"}'.encode(),
    "NaN beside the text": b'{"text":"puck","x":NaN}',
    "control character": b'{"text":"a\nb"}',
    "lone surrogate": b'{"text":"puck \\ud800"}',
    "lone surrogate beside the text": b'{"text":"puck","x":"\\udfff"}',
    "bad UTF-8": b'{"text":"puck \xff"}',
    "bad UTF-8 beside the text": b'{"text":"puck","x":"\xff"}',
    "overlong UTF-8": b'{"text":"puck \xc0\xaf"}',
    "UTF-16": '{"text":"puck"}'.encode("utf-16"),
    "nested brackets": b"[" * 200_000,
    "nested brackets beside the text": b'{"text":"puck","x":' + b"[" * 200_000,
    "closed nested brackets beside the text": (
        b'{"text":"puck","x":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    ),
    "nested objects": b'{"x":' * 200_000,
}

TAKEN = {
    "plain": b'{"text":"the puck"}',
    "white space around": b' \r\n{"text" : "the puck"}\n',
    "other properties": b'{"id":1,"text":"the puck","tags":[{}]}',
    "duplicate key, of which the last counts": b'{"text":"orbit","text":"the puck"}',
    "surrogate pair": b'{"text":"the puck \\ud83c\\udfd2"}',
    "escaped NUL": b'{"text":"the puck \\u0000"}',
    "byte order mark": b'\xef\xbb\xbf{"text":"the puck"}',
}


@ROUTES
@pytest.mark.parametrize("body", TAKEN.values(), ids=TAKEN.keys())
def test_answer_is_the_label_alone(client: FlaskClient, route: str, body: bytes) -> None:
    """A valid request is answered with 200 and exactly the contract's body, as JSON."""
    response = client.post(route, data=body)
    assert response.status_code == 200
    assert response.data == b'{"label":"hockey"}\n'
    assert response.content_type == "application/json"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_content_type_does_not_matter(client: FlaskClient, content_type: str) -> None:
    """The body is read as JSON whatever its Content-Type says."""
    response = client.post("/prediction", data=b'{"text":"orbit"}', content_type=content_type)
    assert response.get_json() == {"label": "space"}


@ROUTES
@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_invalid_body_is_a_validation_exception(
    client: FlaskClient, route: str, body: bytes
) -> None:
    """Whatever is wrong with a body, the answer is the contract's 405, with a reason."""
    response = client.post(route, data=body)
    assert response.status_code == 405
    assert response.content_type == "application/problem+json"
    assert response.get_json()["title"] == "Validation exception"
    assert response.get_json()["detail"]
    assert response.headers["Allow"] == "OPTIONS, POST"


def test_body_may_end_early(client: FlaskClient) -> None:
    """A body shorter than its Content-Length is refused, even one that is JSON so far."""
    response = client.post(
        "/prediction", data=b'{"text":"puck"}', environ_overrides={"CONTENT_LENGTH": "99"}
    )
    assert response.status_code == 405
    assert response.get_json()["detail"] == "The body ends after 15 of 99 bytes."


def test_chunked_body_is_read_whole(client: FlaskClient) -> None:
    """A body without a Content-Length is read to its end."""
    response = client.post(
        "/prediction",
        input_stream=io.BytesIO(b'{"text":"the puck"}'),
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.get_json() == {"label": "hockey"}


@pytest.mark.parametrize("terminated", [True, False])
def test_too_large_body_is_413(make_app: Callable[..., Flask], terminated: bool) -> None:
    """A body over the limit is refused with 413 and ends the connection, chunked or not."""
    body = b'{"text":"the puck"}'
    response = (
        make_app(max_body_bytes=len(body) - 1)
        .test_client()
        .post(
            "/prediction",
            input_stream=io.BytesIO(body),
            content_length=None if terminated else len(body),
            environ_overrides={"wsgi.input_terminated": terminated},
        )
    )
    assert response.status_code == 413
    assert response.headers["Connection"] == "close"
    assert response.get_json()["type"] == "/docs#content-too-large"


def test_body_at_the_limit_is_taken(make_app: Callable[..., Flask]) -> None:
    """The size limit itself is still allowed."""
    body = b'{"text":"the puck"}'
    client = make_app(max_body_bytes=len(body)).test_client()
    assert client.post("/prediction", data=body).status_code == 200


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip"])
def test_compressed_body_is_refused_by_name(client: FlaskClient, coding: str) -> None:
    """A body with a content coding is a validation exception that names the header."""
    response = client.post(
        "/prediction", data=b'{"text":"puck"}', headers={"Content-Encoding": coding}
    )
    assert response.status_code == 405
    assert "Content-Encoding" in response.get_json()["detail"]


def test_identity_coding_is_no_coding(client: FlaskClient) -> None:
    """The coding "identity" says that there is none."""
    response = client.post(
        "/prediction", data=b'{"text":"puck"}', headers={"Content-Encoding": "Identity"}
    )
    assert response.status_code == 200


def test_lone_surrogate_is_told(client: FlaskClient) -> None:
    """The reason names surrogates, which the parser's own message does not."""
    detail = client.post("/prediction", data=b'{"text":"\\ud800"}').get_json()["detail"]
    assert "surrogate" in detail


@pytest.mark.parametrize("value", ["true", "1"])
def test_scores_on_request(client: FlaskClient, value: str) -> None:
    """With scores, every label has its probability, and the answer's is the highest."""
    answer = client.post(f"/prediction?scores={value}", json={"text": "orbit"}).get_json()
    assert answer["label"] == "space"
    assert answer["scores"].keys() == {"hockey", "space"}
    assert sum(answer["scores"].values()) == pytest.approx(1)
    assert answer["scores"]["space"] == max(answer["scores"].values())
    assert "explanation" not in answer


@pytest.mark.parametrize("value", ["false", "0"])
def test_scores_may_be_declined(client: FlaskClient, value: str) -> None:
    """scores=false is the same as no option."""
    response = client.post(f"/prediction?scores={value}", json={"text": "orbit"})
    assert response.get_json() == {"label": "space"}


def test_explanation_on_request(client: FlaskClient) -> None:
    """The explanation lists terms for and against the label, and adds up to the score."""
    response = client.post("/prediction?explain=5", json={"text": "puck puck orbit"})
    assert response.get_json() == {
        "label": "hockey",
        "explanation": {
            "score": 0.25,
            "bias": 0.25,
            "supporting": [{"term": "puck", "weight": 1.0}],
            "opposing": [{"term": "orbit", "weight": -1.0}],
            "rest": 0.0,
        },
    }


BAD_OPTIONS = [
    "scores=",
    "scores=yes",
    "scores=True",
    "scores=true&scores=true",
    "scores=true&scores=false",
    "explain=",
    "explain=0",
    "explain=1001",
    "explain=-1",
    "explain=1.0",
    "explain=+1",
    "explain=%D9%A1",
    "explain=1&explain=2",
    "scores=true&explain=x",
]


@pytest.mark.parametrize("query", BAD_OPTIONS)
def test_bad_option_is_a_validation_exception(client: FlaskClient, query: str) -> None:
    """An option's bad value makes the request invalid; the reason says what it may be."""
    response = client.post(f"/prediction?{query}", json={"text": "puck"})
    assert response.status_code == 405
    assert "may be given once, as" in response.get_json()["detail"]


@pytest.mark.parametrize("number", [1, 1000])
def test_bounds_of_explain_are_taken(client: FlaskClient, number: int) -> None:
    """From 1 to 1000 terms may be asked for."""
    response = client.post(f"/prediction?explain={number}", json={"text": "puck"})
    assert response.status_code == 200


def test_unknown_parameters_are_ignored(client: FlaskClient) -> None:
    """A query parameter that is no option changes nothing."""
    response = client.post("/prediction?utm=1&scores_=true", json={"text": "puck"})
    assert response.data == b'{"label":"hockey"}\n'


def test_model_time_is_told(client: FlaskClient) -> None:
    """Server-Timing shows the model's share of the time, in milliseconds."""
    name, _, duration = (
        client.post("/prediction", json={"text": "puck"})
        .headers["Server-Timing"]
        .partition(";dur=")
    )
    assert name == "model"
    assert float(duration) >= 0


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_no_error_repeats_the_body(client: FlaskClient, body: bytes) -> None:
    """A reason never quotes what was sent: that text would end up in the logs of clients."""
    response = client.post("/prediction?explain=puck", data=body)
    assert b"puck" not in response.data


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
BODIES = (
    st.binary()
    | JSON_VALUES.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries({"text": JSON_VALUES}, optional={"x": JSON_VALUES}).map(
        lambda value: json.dumps(value).encode()
    )
    | st.builds(
        lambda text, x, cut: json.dumps({"text": text, "x": x}, ensure_ascii=False).encode()[cut:],
        st.text(),
        JSON_VALUES,
        st.integers(-3, 3),
    )
)


def refuse_constant(name: str) -> None:
    """Refuse NaN and Infinity, which json.loads knows and JSON does not."""
    raise ValueError(name)


def is_request(body: bytes) -> bool:
    """Return, by the standard library's parser, whether a body is a request."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=refuse_constant)
        # json.loads knows lone surrogates, which no text can be encoded with.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    text = value.get("text") if isinstance(value, dict) else None
    return isinstance(text, str) and bool(text.strip())


# The client is the same for all bodies: requests leave nothing behind in it.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=BODIES)
def test_any_body_is_answered_as_json_says(client: FlaskClient, body: bytes) -> None:
    """Of all bodies, those that json.loads finds a text in get 200, and all others 405."""
    response = client.post("/prediction", data=body)
    assert response.status_code == (200 if is_request(body) else 405)
