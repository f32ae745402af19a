"""The service as it is run: gunicorn, its processes, its signals, its errors at start."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
TEXT = "The goalie stopped the puck and the team won the hockey game."


@pytest.fixture(scope="module")
def server(serve: Callable[..., Any]) -> Any:
    """A server for all tests that leave it as it was."""
    return serve(max_body_bytes=1000, access_log=True)


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def log_of(server: Any) -> list[dict[str, Any]]:
    """Return the lines that a server has logged."""
    return [json.loads(line) for line in server.log.read_text().splitlines()]


def test_prediction(server: Any) -> None:
    """A text gets its label through the server, and its request id back."""
    response = requests.post(
        f"{server.url}/prediction", json={"text": TEXT}, headers={"X-Request-ID": "abc"}, timeout=9
    )
    assert response.json() == {"label": "hockey"}
    assert response.headers["X-Request-ID"] == "abc"
    assert response.headers["Server"] == "gunicorn"
    until(lambda: any(line["request_id"] == "abc" for line in log_of(server)))
    assert TEXT not in server.log.read_text()


@pytest.mark.parametrize(("size", "status"), [(1000, 200), (1001, 413), (100_000, 413)])
def test_chunked_body_and_the_limit(server: Any, size: int, status: int) -> None:
    """A body sent in chunks is taken up to the limit and refused above it."""
    body = json.dumps({"text": TEXT.ljust(size)[: size - 12]}).encode()
    assert len(body) == size
    chunks: Iterator[bytes] = (body[start : start + 300] for start in range(0, size, 300))
    try:
        response = requests.post(f"{server.url}/prediction", data=chunks, timeout=9)
    except requests.ConnectionError:
        # The server may close before the client has sent all; but never after taking it.
        assert status == 413
    else:
        assert response.status_code == status


def exchange(server: Any, request: bytes) -> bytes:
    """Send bytes as they are, then nothing more; return all that is answered."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=9) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(65_536):
            received += part
    return received


def test_truncated_body_is_405(server: Any) -> None:
    """A client that ends before its Content-Length gets the validation exception."""
    answer = exchange(
        server, b'POST /prediction HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"text":"a"}'
    )
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"ends after 12 of 99 bytes" in answer


def test_silent_client_is_408(serve: Callable[..., Any]) -> None:
    """A client that stops in the midst of its body gets 408, and its connection ends."""
    host, _, port = serve(client_timeout=1, workers=1).url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        connection.sendall(b"POST /prediction HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"/docs#request-timeout" in answer


def test_silence_between_requests_is_allowed(serve: Callable[..., Any]) -> None:
    """A kept connection may rest for longer than a client may be silent within a request."""
    host, _, port = serve(client_timeout=1, workers=1).url.removeprefix("http://").partition(":")
    with closing(http.client.HTTPConnection(host, int(port), timeout=30)) as connection:
        for pause in (2.5, 0):
            connection.request("POST", "/prediction", json.dumps({"text": TEXT}))
            response = connection.getresponse()
            assert (response.status, response.read()) == (200, b'{"label":"hockey"}\n')
            time.sleep(pause)


def test_rest_of_a_text_is_not_logged(server: Any) -> None:
    """With too short a Content-Length, the rest that cannot be parsed stays out of the log."""
    refused = sum(line.get("status") == 400 for line in log_of(server))
    exchange(
        server,
        b"POST /prediction HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
        b'{"text":"quixotic endeavours"}\r\n\r\n',
    )
    until(lambda: sum(line.get("status") == 400 for line in log_of(server)) == refused + 1)
    assert "endeavours" not in server.log.read_text()


def version(server: Any) -> str:
    """Return the version of the model that answers, on a connection of its own."""
    found: str = requests.get(f"{server.url}/model", timeout=9).json()["version"]
    return found


def test_reload(serve: Callable[..., Any], train_small: Callable[..., Any], tmp_path: Path) -> None:
    """SIGHUP switches to a new artifact; a bad one is refused and the old keeps serving."""
    first = train_small(tmp_path)
    server = serve(model_dir=tmp_path)
    assert version(server) == first.version

    second = train_small(tmp_path, strength=7.0)
    assert second.version != first.version
    server.process.send_signal(signal.SIGHUP)
    until(lambda: {version(server) for _ in range(5)} == {second.version})

    (tmp_path / second.pipeline.file).write_bytes(b"damaged")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "reload refused" in server.log.read_text())
    # Wait until the workers that were forked again are the only ones.
    until(lambda: server.log.read_text().count("Worker exiting") >= 4)
    assert {version(server) for _ in range(5)} == {second.version}
    assert requests.post(f"{server.url}/prediction", json={"text": TEXT}, timeout=9).ok


def test_draining_worker_is_not_ready(serve: Callable[..., Any]) -> None:
    """After SIGTERM a kept connection gets 503 and is closed, then the server exits with 0."""
    server = serve(workers=1)
    host, _, port = server.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=9)
    connection.request("GET", "/readyz")
    ready = connection.getresponse()
    assert (ready.status, ready.read()) == (200, b'{"status":"ready"}\n')

    server.process.send_signal(signal.SIGTERM)
    until(lambda: refuses_connections(host, int(port)))
    connection.request("GET", "/readyz")
    draining = connection.getresponse()
    assert draining.status == 503
    assert draining.headers["Retry-After"] == "1"
    assert draining.headers["Connection"] == "close"
    draining.read()
    assert server.process.wait(30) == 0


def test_interrupt_ends_the_server_quietly(serve: Callable[..., Any]) -> None:
    """Ctrl-C, which reaches the server and its workers, ends all of them without a traceback."""
    server = serve(workers=2)
    for pid in [server.process.pid, *server.worker_pids().values()]:
        os.kill(pid, signal.SIGINT)
    assert server.process.wait(30) == 0
    assert "Traceback" not in server.log.read_text()


def refuses_connections(host: str, port: int) -> bool:
    """Return whether nobody listens any more, as once the last worker has begun to drain."""
    try:
        socket.create_connection((host, port), timeout=9).close()
    except ConnectionRefusedError:
        return True
    return False


def fail_to_start(**settings: object) -> str:
    """Start a server that cannot start, and return all that it says."""
    environ = {name: value for name, value in os.environ.items() if "TEXTCLF_" not in name}
    environ |= {f"TEXTCLF_{name.upper()}": str(value) for name, value in settings.items()}
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn"],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    return said


def test_start_without_an_artifact(tmp_path: Path) -> None:
    """Without a trained model the start ends with a sentence that says what to run."""
    said = fail_to_start(model_dir=tmp_path, host="127.0.0.1", port=1)
    assert "holds no trained model: run `make train`" in said


@pytest.mark.parametrize(
    ("setting", "value", "reason"),
    [
        ("prot", 1, "TEXTCLF_PROT is no setting"),
        ("port", "http", "TEXTCLF_PORT='http'"),
        ("max_batch", 0, "TEXTCLF_MAX_BATCH='0'"),
        ("cors_origins", "example.org", "TEXTCLF_CORS_ORIGINS='example.org'"),
    ],
)
def test_start_with_a_bad_setting(setting: str, value: object, reason: str) -> None:
    """A bad setting ends the start with a sentence that names it."""
    assert reason in fail_to_start(**{setting: value})


def test_start_on_a_port_in_use(small_artifact: Path) -> None:
    """A port that is taken ends the start with a line that names the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = fail_to_start(host="127.0.0.1", port=port, model_dir=small_artifact)
    assert f"Connection in use: ('127.0.0.1', {port})" in said
