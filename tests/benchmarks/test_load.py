"""What a load generator printed, read; and the project's."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.load import LoadError, ask, open_loop, parse

PRINTED = """Running 1s test
  2 requests in 1.00s
result {"requests": 200, "seconds": 2.0, "errors": ERRORS, "p50_us": 900, "p99_us": 4000}
"""


class Echo(BaseHTTPRequestHandler):
    """Answers a body with itself, and the body "bad" with a 500."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # the name that http.server gave it
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500 if body == b"bad" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Write nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """The port of an echo."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_result_of_wrk_is_read() -> None:
    """Requests, seconds and percentiles come from the line of our script."""
    load = parse(PRINTED.replace("ERRORS", "0"), 0.5)
    assert (load.rate, load.p50_us, load.p99_us, load.generator_seconds) == (100, 900, 4000, 0.5)


@pytest.mark.parametrize("output", [PRINTED.replace("ERRORS", "1"), "unable to connect"])
def test_any_error_fails_the_run(output: str) -> None:
    """A failed request and a missing result are errors alike."""
    with pytest.raises(LoadError):
        parse(output, 0.0)


def test_fixed_rate_gives_a_time_for_each_request(port: int) -> None:
    """As many times as requests were due, none below 0."""
    times = open_loop(port, "/", [b"a", b"b"], rate=200, seconds=0.2)
    assert len(times) == 40
    assert times.min() > 0


def test_error_at_a_fixed_rate_fails_the_run(port: int) -> None:
    """One status other than 200 is enough."""
    with pytest.raises(LoadError, match="1 of 4 requests"):
        open_loop(port, "/", [b"a", b"b", b"bad", b"c"], rate=100, seconds=0.04)


def test_silence_at_a_fixed_rate_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes connections and never answers does not keep the generator for ever."""
    monkeypatch.setattr("benchmarks.load.ANSWER_SECONDS", 0.2)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(LoadError, match="2 of 2 requests"),
    ):
        open_loop(silent.getsockname()[1], "/", [b"a"], rate=100, seconds=0.02)


def test_single_question(port: int) -> None:
    """The answer comes back; a status other than 200 is an error."""
    assert ask(port, "/", b"hello") == b"hello"
    with pytest.raises(LoadError, match="500"):
        ask(port, "/", b"bad")
