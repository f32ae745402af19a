"""Clients that keep asking for predictions, by default on connections that they keep.

Each waits for its answer before it asks again, opens a new connection where the server said that it
would close the old one, and never sends a request a second time.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from chaos.texts import bodies

PATIENCE = 10.0


class Asked(msgspec.Struct, frozen=True):
    """A request and what came of it."""

    sent: float
    """By `time.monotonic`, as is `ended`."""
    ended: float
    label: str = ""
    """The label answered; without one the request failed."""
    failure: str = ""


@contextmanager
def asking(port: int, clients: int, *, keep: bool = True) -> Iterator[list[Asked]]:
    """So many clients at work while the block runs; what they saw, as they see it."""
    seen: list[Asked] = []
    ended = threading.Event()
    every = bodies(256)
    headers = {} if keep else {"Connection": "close"}
    threads = [
        threading.Thread(target=_ask, args=(port, every[number:], headers, seen, ended))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def await_requests(seen: list[Asked], count: int) -> None:
    """Wait until the clients have seen so many requests end. Raises TimeoutError if they do not."""
    deadline = time.monotonic() + 600
    while len(seen) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(seen)} of {count} requests in 600 s")
        time.sleep(0.05)


def failures(seen: list[Asked]) -> list[Asked]:
    """Those that got no label."""
    return [one for one in seen if not one.label]


def _ask(
    port: int,
    texts: list[bytes],
    headers: dict[str, str],
    seen: list[Asked],
    ended: threading.Event,
) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    at = 0
    while not ended.is_set():
        at = (at + 1) % len(texts)
        sent, label, failure = time.monotonic(), "", ""
        try:
            connection.request("POST", "/prediction", texts[at], headers)
            response = connection.getresponse()
            content = response.read()
            if response.status == 200:
                label = msgspec.json.decode(content)["label"]
            else:
                failure = f"{response.status}"
        except (OSError, http.client.HTTPException) as error:
            failure = type(error).__name__
            connection.close()
        seen.append(Asked(sent, time.monotonic(), label, failure))
    connection.close()
