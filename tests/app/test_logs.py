"""Logs as the service writes them: JSON lines that never hold a request's text."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from gunicorn.config import Config

from app.logs import ServerLogger, logging_config
from model.classifier import Classifier

SECRET = "quixotic"


class Lines:
    """What the service has written to its standard output."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    def read(self) -> list[dict[str, Any]]:
        """Return the lines, decoded."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """The lines of a service that logs everything; logging is put back afterwards."""
    lines = Lines()
    monkeypatch.setattr("sys.stdout", lines.stream)
    root, gunicorn = logging.getLogger(), logging.getLogger("gunicorn.error")
    before = root.handlers[:], root.level, gunicorn.propagate
    logging.config.dictConfig(logging_config("debug"))
    yield lines
    root.handlers[:], level, gunicorn.propagate = before
    root.setLevel(level)


def test_line_is_json(written: Lines) -> None:
    """A record is one line with time, level, logger, message, request id and process."""
    logging.getLogger("some").warning("two\nlines")
    (line,) = written.read()
    assert line.keys() == {"time", "level", "logger", "message", "request_id", "process"}
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "some", "two\nlines")


def test_line_carries_the_request_id(app: Flask, written: Lines) -> None:
    """What is logged during a request carries its id."""
    with app.test_request_context(headers={"X-Request-ID": "abc"}):
        logging.getLogger("some").warning("x")
    assert written.read()[0]["request_id"] == "abc"


def test_no_text_reaches_the_log(make_app: Callable[..., Flask], written: Lines) -> None:
    """Of all that can be wrong with a request, nothing makes its text enter the log."""
    client = make_app(access_log=True).test_client()
    bodies = [
        f'{{"text":"{SECRET}"}}',
        f'{{"text":"{SECRET}"',
        f'{{"text":["{SECRET}"]}}',
        f'{{"{SECRET}":1}}',
        f'{{"texts":["{SECRET}",""]}}',
        SECRET,
        f'{{"text":"{SECRET}\\ud800"}}',
    ]
    for body in bodies:
        for route in ("/prediction", f"/prediction?explain={SECRET}", "/predictions", f"/{SECRET}"):
            client.post(route, data=body)
    lines = written.read()
    assert len(lines) == 4 * len(bodies)
    assert SECRET not in json.dumps(lines)


def fail(self: Classifier, text: str) -> None:
    """Fail as code does that quotes what it chokes on."""
    try:
        raise KeyError(text)
    except KeyError as error:
        raise ValueError(f"cannot classify {text}") from error


def test_fault_is_logged_without_its_message(
    app: Flask, written: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault's log entry has the types and stacks of its exceptions, but not their messages."""
    monkeypatch.setattr(Classifier, "predict", fail)
    app.test_client().post("/prediction", json={"text": SECRET})
    lines = written.read()
    assert SECRET not in json.dumps(lines)
    trace = lines[0]["exc_info"]
    assert trace.index("KeyError\n") < trace.index("ValueError")
    assert "in prediction" in trace


def test_fault_outside_of_requests_keeps_its_message(written: Lines) -> None:
    """What fails at start-up is shown in full: there is no text to protect."""
    try:
        raise ValueError("no such port")
    except ValueError:
        logging.getLogger("some").exception("x")
    assert "ValueError: no such port" in written.read()[0]["exc_info"]


@pytest.fixture
def server_log(written: Lines) -> ServerLogger:
    """The logger that gunicorn is given."""
    return ServerLogger(Config())


def test_server_writes_no_access_log(server_log: ServerLogger, written: Lines) -> None:
    """Gunicorn's own line a request is not written."""
    server_log.access(None, None, {}, None)
    assert written.read() == []
