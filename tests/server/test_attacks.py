"""Connections that are many, slow or silent, and handlers that hang: nobody else notices."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parents[2]
TEXT = "The goalie stopped the puck and the team won the hockey game."
BODY = json.dumps({"text": TEXT}).encode()
POST = b"POST /prediction HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
SILENT = 3_000


def connect(server: Any) -> socket.socket:
    """Open a connection to a server."""
    host, _, port = server.url.removeprefix("http://").partition(":")
    return socket.create_connection((host, int(port)), timeout=30)


@contextmanager
def many_descriptors() -> Iterator[None]:
    """Let this process have as many files open as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("sent", [b"", POST + b"Content-Length: 100\r\n\r\n{"])
def test_silent_connections_change_nothing(serve: Callable[..., Any], sent: bytes) -> None:
    """With thousands of silent or half-sent requests every other one is answered."""
    server = serve(workers=1)
    with many_descriptors(), ExitStack() as stack:
        for _ in range(SILENT):
            stack.enter_context(connect(server)).sendall(sent)
        for _ in range(20):
            answer = requests.post(f"{server.url}/prediction", data=BODY, timeout=9)
            assert answer.json() == {"label": "hockey"}
        assert requests.get(f"{server.url}/healthz", timeout=9).ok


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_idle_connections_do_not_delay_the_end(serve: Callable[..., Any], number: int) -> None:
    """A hundred connections at rest get two seconds, not the whole graceful timeout."""
    server = serve(workers=2, graceful_timeout=60)
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(connect(server))
        server.process.send_signal(number)
        assert server.process.wait(20) == 0
    assert "SIGKILL" not in server.log.read_text()


def test_second_interrupt_ends_at_once(serve: Callable[..., Any]) -> None:
    """Who presses Ctrl-C twice does not wait for a body that is on its way."""
    server = serve(workers=1, graceful_timeout=60)
    (worker,) = server.worker_pids().values()
    with connect(server) as connection:
        connection.sendall(POST + b"Content-Length: 100\r\n\r\n{")
        time.sleep(0.5)
        for _ in range(2):
            for pid in (worker, server.process.pid):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.5)
        assert server.process.wait(20) == 0


def test_chunks_of_one_byte_hold_nobody_up(serve: Callable[..., Any]) -> None:
    """A body in the smallest chunks is read between the requests of others, and answered."""
    server = serve(workers=1)
    padded = BODY[:-2] + b" " * 500_000 + BODY[-2:]
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in padded) + b"0\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        assert requests.get(f"{server.url}/healthz", timeout=9).ok
        assert connection.makefile("rb").read().endswith(b'{"label":"hockey"}\n')


def test_body_is_asked_for_only_if_it_will_be_read(serve: Callable[..., Any]) -> None:
    """100 Continue comes before a body within the limit, and never before a 413."""
    server = serve(workers=1)
    expecting = POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(expecting % len(BODY))
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert connection.makefile("rb").read().endswith(b'{"label":"hockey"}\n')
    with connect(server) as connection:
        connection.sendall(expecting % 10**9)
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("marks", [1_000, 300_000])
def test_byte_order_marks_are_a_syntax_error(serve: Callable[..., Any], marks: int) -> None:
    """One mark before a body is skipped; more are refused, however many there are."""
    server = serve(workers=1)
    url = f"{server.url}/prediction"
    assert requests.post(url, data=b"\xef\xbb\xbf" + BODY, timeout=9).ok
    assert requests.post(url, data=b"\xef\xbb\xbf" * marks + BODY, timeout=9).status_code == 405


def test_pipelined_requests_are_answered_in_order(serve: Callable[..., Any]) -> None:
    """A probe that follows a prediction on its connection does not overtake it."""
    server = serve(workers=1)
    first = POST.replace(b"close", b"keep-alive") + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    last = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(first + last)
        answers = connection.makefile("rb").read()
    assert answers.index(b'{"label":"hockey"}') < answers.index(b'{"status":"ok"}')


def test_upgrade_is_not_taken_up(serve: Callable[..., Any]) -> None:
    """Whoever offers another protocol is answered in this one, and may go on."""
    server = serve(workers=1)
    offer = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    last = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    with connect(server) as connection:
        connection.sendall(offer + last)
        answers = connection.makefile("rb").read()
    assert answers.count(b"HTTP/1.1 200 ") == 2


HANGING = """
import time
from app import wsgi
def start():
    app = wsgi.start()
    app.add_url_rule("/hang", "hang", lambda: time.sleep(600))
    return app
"""


def test_hanging_request_is_named_and_killed(
    small_artifact: Path, tmp_path: Path, unused_port: int
) -> None:
    """A handler that never returns ends its worker after the timeout; the log names the request."""
    (tmp_path / "hanging.py").write_text(HANGING)
    environ = os.environ | {
        "TEXTCLF_MODEL_DIR": str(small_artifact),
        "TEXTCLF_HOST": "127.0.0.1",
        "TEXTCLF_PORT": str(unused_port),
        "TEXTCLF_WORKERS": "1",
        "TEXTCLF_WORKER_TIMEOUT": "2",
        "PYTHONPATH": str(tmp_path),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "hanging:start()"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    url = f"http://127.0.0.1:{unused_port}"
    try:
        await_readiness(url)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{url}/hang", headers={"X-Request-ID": "stuck-1"}, timeout=30)
        await_readiness(url)
    finally:
        process.terminate()
        log, _ = process.communicate(timeout=30)
    named = [line for line in map(json.loads, log.splitlines()) if line["request_id"] == "stuck-1"]
    assert [line["route"] for line in named] == ["/hang"]


def await_readiness(url: str) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            requests.get(f"{url}/readyz", timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server does not answer")


@pytest.mark.parametrize("host", ["::1", "[::1]", "unix"])
def test_other_kinds_of_address(
    host: str, small_artifact: Path, tmp_path: Path, unused_port: int
) -> None:
    """The service listens on IPv6 addresses and on unix sockets."""
    family, where = socket.AF_INET6, ("::1", unused_port)
    if host == "unix":
        family, where = socket.AF_UNIX, str(tmp_path / "socket")  # type: ignore[assignment]
        host = f"unix:{where}"
    environ = {"TEXTCLF_HOST": host, "TEXTCLF_PORT": str(unused_port), "TEXTCLF_WORKERS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn"],
        cwd=ROOT,
        env=os.environ | environ | {"TEXTCLF_MODEL_DIR": str(small_artifact)},
        stdout=subprocess.DEVNULL,
    )
    try:
        with connected(family, where) as connection:
            connection.sendall(POST + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
            assert connection.makefile("rb").read().endswith(b'{"label":"hockey"}\n')
    finally:
        process.terminate()
        process.wait(30)


def connected(family: int, where: Any) -> socket.socket:
    """Open a connection as soon as somebody listens there."""
    deadline = time.monotonic() + 60
    while True:
        connection = socket.socket(family)
        connection.settimeout(9)
        try:
            connection.connect(where)
        except OSError:
            connection.close()
            assert time.monotonic() < deadline, "nobody listens"
            time.sleep(0.1)
        else:
            return connection
