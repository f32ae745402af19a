"""Fetching from web servers with and without faults: who gives the files, and what is left."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from model.download import fetch_datasets
from model.errors import DatasetError
from model.sources import Source, put_downloads

ZIPPED = {"train.jsonl.gz": b"first train" * 999, "test.jsonl.gz": b"first test" * 999}
PLAIN = {"train.jsonl": b"second train", "test.jsonl": b"second test"}


def hashes(contents: Mapping[str, bytes]) -> dict[str, str]:
    """Return the SHA-256 of each content."""
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def put_plain(files: Mapping[str, str], folder: Path) -> None:
    """Stand in for a source that always answers."""
    for file in files:
        (folder / file).write_bytes(PLAIN[file])


SECOND = Source("second", hashes(PLAIN), put_plain, caution="second thoughts")


def first(base_url: str) -> Source:
    """Return a source that downloads the zipped files from a local server."""
    return Source("first", hashes(ZIPPED), partial(put_downloads, base_url))


def contents(folder: Path) -> dict[str, bytes]:
    """Return all that a folder holds; a folder inside it is an error."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Handler(BaseHTTPRequestHandler):
    """Serve /right, and with faults /wrong, /cut (in mid-body) and /half (no test file)."""

    def do_GET(self) -> None:
        _, fault, file = self.path.split("/")
        if fault == "half" and file.startswith("test"):
            self.send_error(404)
            return
        body = ZIPPED[file][::-1] if fault == "wrong" else ZIPPED[file]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep the tests' output clean."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Run a web server on this host and give its base URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def refused() -> Iterator[str]:
    """Give the base URL of a port that is bound, so nobody else takes it, but does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_first_source_that_answers_gives_both_files(
    tmp_path: Path, server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both files come from the first source, with a progress bar, into a folder made for them."""
    folder, said = tmp_path / "new" / "data", list[str]()
    fetch_datasets(folder, [first(f"{server}/right"), SECOND], said.append)
    assert contents(folder) == ZIPPED
    assert said == [f"{folder / file}: first" for file in ZIPPED]
    assert "100%" in capsys.readouterr().err


def test_fetched_files_are_readable_by_everyone(tmp_path: Path, server: str) -> None:
    """Another user, such as that of a container, can read what was fetched."""
    fetch_datasets(tmp_path, [first(f"{server}/right")])
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("wrong", "wrong SHA-256 for train.jsonl.gz"),
        ("cut", "ChunkedEncodingError for train.jsonl.gz"),
        ("half", "404 Client Error for test.jsonl.gz"),
    ],
)
def test_source_with_a_fault_gives_way_to_the_next(
    tmp_path: Path, server: str, fault: str, reason: str
) -> None:
    """A failed source is named with its reason, leaves nothing, and the next gives both files."""
    said: list[str] = []
    fetch_datasets(tmp_path, [first(f"{server}/{fault}"), SECOND], said.append)
    assert contents(tmp_path) == PLAIN
    assert said[0] == f"no data from first: {reason}"
    assert said[1:] == [*(f"{tmp_path / file}: second" for file in PLAIN), "second thoughts"]


def test_refused_connection_gives_way_to_the_next(tmp_path: Path, refused: str) -> None:
    """A source whose host refuses the connection is passed over."""
    fetch_datasets(tmp_path, [first(refused), SECOND])
    assert contents(tmp_path) == PLAIN


def test_no_source_is_one_sentence_that_says_why_and_what_to_do(
    tmp_path: Path, server: str, refused: str
) -> None:
    """When every source fails the error names each with its reason, and the folder stays empty."""
    with pytest.raises(DatasetError) as caught:
        fetch_datasets(tmp_path, [first(f"{server}/cut"), first(refused)])
    assert str(caught.value) == (
        "no source gives the train and test data"
        " (first: ChunkedEncodingError for train.jsonl.gz;"
        " first: ConnectionError for train.jsonl.gz): check the network,"
        f" put train.jsonl.gz and test.jsonl.gz (or .jsonl) into {tmp_path} by hand,"
        " set DATA_DIR to the folder that holds them, or name another source of similar posts"
        " (SOURCE=orange)"
    )
    assert contents(tmp_path) == {}
