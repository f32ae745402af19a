"""Requests at a fixed rate, against a server that answers as it is set."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from chaos import arrivals
from chaos.arrivals import HUNG, Arrivals, counts


class Handler(BaseHTTPRequestHandler):
    """Answers with the path's number as the status; "/silent" never, "/gone" by hanging up."""

    protocol_version = "HTTP/1.1"
    connections: set[tuple[str, int]]
    ended: threading.Event

    def do_GET(self) -> None:  # the name that http.server gave it
        self.connections.add(self.client_address)
        name = self.path[1:]
        if name == "silent":
            self.ended.wait(30)
        if not name.startswith(("2", "5")):
            self.close_connection = True
            return
        self.send_response(int(name[:3]))
        if name.endswith("later"):
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: object) -> None:
        """Write nothing."""


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    """The server; it notes the connections that it got."""
    Handler.connections, Handler.ended = set(), threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        Handler.ended.set()
        server.shutdown()
        thread.join()


def ask(server: ThreadingHTTPServer, *paths: str, keep: bool = True) -> dict[str, int]:
    """Send each of the requests once, at a moderate rate; the outcomes."""
    requests = [f"GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths]
    clients = Arrivals(server.server_port, requests, keep=keep)
    found = clients.run(rate=50, seconds=len(paths) / 50)
    clients.close()
    assert all(answer.wait > 0 for answer in found)
    return dict(counts(found))


def test_outcomes_are_told_apart(server: ThreadingHTTPServer) -> None:
    """A refusal has to say when to come again; who hangs up has not answered."""
    assert ask(server, "200", "500", "503later", "503", "gone") == {
        "200": 1,
        "500": 1,
        "503": 1,
        "503 without Retry-After": 1,
        "closed": 1,
    }


def test_silence_is_a_hang(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are answered while one waits, and the one is given up in the end."""
    monkeypatch.setattr(arrivals, "PATIENCE", 0.3)
    assert ask(server, "silent", "200", "200") == {HUNG: 1, "200": 2}


def test_nobody_listens(server: ThreadingHTTPServer) -> None:
    """A connection that is refused is an outcome by the error's name."""
    clients = Arrivals(1, [b"GET / HTTP/1.1\r\n\r\n"], keep=True)
    assert set(counts(clients.run(rate=50, seconds=0.1))) == {"ECONNREFUSED"}
    clients.close()


@pytest.mark.parametrize("keep", [True, False])
def test_connections_are_kept_or_not(server: ThreadingHTTPServer, keep: bool) -> None:
    """Requests one after the other share a connection, unless each has to have its own."""
    clients = Arrivals(server.server_port, [b"GET /200 HTTP/1.1\r\nHost: x\r\n\r\n"], keep=keep)
    found = counts(clients.saturate(1, 0.3))
    clients.close()
    assert set(found) == {"200"}
    assert len(Handler.connections) == (1 if keep else found["200"])


def test_closed_loop_keeps_all_clients_busy(server: ThreadingHTTPServer) -> None:
    """As many connections as clients, and more answers than those."""
    clients = Arrivals(server.server_port, [b"GET /200 HTTP/1.1\r\nHost: x\r\n\r\n"], keep=True)
    found = counts(clients.saturate(3, 0.5))
    clients.close()
    assert set(found) == {"200"}
    assert found["200"] > 3
    assert len(Handler.connections) == 3
