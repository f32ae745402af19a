"""Bodies that no honest client sends, to the application: some of those that `chaos` sends."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from flask.testing import FlaskClient

from app import create_app
from app.config import Config
from chaos.bad_input import STATUSES
from chaos.strange_bodies import BY_CHANCE, Make, giants
from model.classifier import load_classifier

PATHS = ("/prediction", "/predictions")
GIANTS = giants()


@pytest.fixture(scope="module")
def client(small_artifact: Path) -> FlaskClient:
    """A client of the application with default settings."""
    return create_app(Config(), load_classifier(small_artifact)).test_client()


@pytest.mark.parametrize("make", BY_CHANCE.values(), ids=BY_CHANCE)
def test_bodies_by_chance(client: FlaskClient, make: Make) -> None:
    """Whatever the body, the answer is a prediction or says in JSON what is wrong with it."""
    chance = Random(1)
    for path in PATHS:
        for _ in range(500):
            body = make(chance)
            answer = client.post(path, data=body, query_string="scores=1&explain=2")
            assert answer.status_code in STATUSES, body
            assert answer.get_json()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", GIANTS)
def test_giants(client: FlaskClient, name: str, path: str) -> None:
    """So it is with the largest bodies."""
    answer = client.post(path, data=GIANTS[name])
    assert answer.status_code in STATUSES
    assert answer.get_json()


def test_bodies_are_the_same_at_each_run() -> None:
    """What is made by chance is made again from the same seed."""
    for make in BY_CHANCE.values():
        first, second = Random(2), Random(2)
        assert [make(first) for _ in range(50)] == [make(second) for _ in range(50)]
