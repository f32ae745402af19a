"""The application under other servers than its own: it is plain WSGI."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
import requests

from app import create_app
from app.config import Config
from model.classifier import load_classifier

ROOT = Path(__file__).resolve().parents[2]
TEXT = "The goalie stopped the puck and the team won the hockey game."


def test_gthread_worker(small_artifact: Path, unused_port: int) -> None:
    """Gunicorn's own worker with threads serves predictions, errors and metrics."""
    command = [sys.executable, "-m", "gunicorn", "--config", os.devnull, "--no-control-socket"]
    command += ["--worker-class", "gthread", "--threads", "2", "app.wsgi:start()"]
    environ = os.environ | {"TEXTCLF_MODEL_DIR": str(small_artifact)}
    process = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{unused_port}"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert_serves(f"http://127.0.0.1:{unused_port}")
    finally:
        process.terminate()
        process.wait(30)


def test_server_of_the_standard_library(small_artifact: Path) -> None:
    """So does wsgiref, which knows nothing but PEP 3333."""
    app = create_app(Config(), load_classifier(small_artifact))
    with serving(app) as url:
        assert_serves(url)


def assert_serves(url: str) -> None:
    """Predictions, their errors and the metrics are as under the service's own server."""
    await_answer(url)
    answer = requests.post(f"{url}/prediction", json={"text": TEXT}, timeout=9)
    assert answer.json() == {"label": "hockey"}
    assert answer.headers["X-Request-ID"]
    assert requests.post(f"{url}/prediction", data=b"{}", timeout=9).status_code == 405
    assert 'predictions_total{label="hockey"} 1.0' in requests.get(f"{url}/metrics", timeout=9).text


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application on a free port, in a thread."""
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def await_answer(url: str) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            requests.get(f"{url}/healthz", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server does not answer")
