"""Clients that keep asking for predictions, and remember each answer that they did not get.

Of the standard library alone, because the image runs it inside a cluster as well.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

BODY = json.dumps({"text": "The goalie stopped 38 shots in overtime."})
ANSWER = b'{"label":"hockey"}\n'


@dataclass
class Traffic:
    """What the clients saw."""

    answered: int = 0
    refused: int = 0
    """Connections that were not taken, or reset before their first answer.

    What waits in the listener's queue when it closes is reset by the kernel, unread: it may be sent
    again safely. Kubernetes has stopped sending by then, because of the pause before the signal.
    """
    failed: Counter[str] = field(default_factory=Counter)
    """Anything else than the right answer, by what it was."""
    lock: threading.Lock = field(default_factory=threading.Lock)


def ask(host: str, port: int, keep: bool, traffic: Traffic, ended: threading.Event) -> None:
    """One client: on one connection after the other, ask until it is to end."""
    while not ended.is_set():
        connection = http.client.HTTPConnection(host, port, timeout=30)
        answers = 0
        try:
            while not ended.is_set():
                headers = {} if keep else {"Connection": "close"}
                connection.request("POST", "/prediction", BODY, headers)
                response = connection.getresponse()
                content = response.read()
                with traffic.lock:
                    if (response.status, content) == (200, ANSWER):
                        traffic.answered += 1
                    else:
                        traffic.failed[f"{response.status} {content!r}"] += 1
                answers += 1
                if connection.sock is None:  # the server said that it would close
                    break
        except (OSError, http.client.HTTPException) as error:
            with traffic.lock:
                if answers == 0 and isinstance(error, ConnectionError):
                    traffic.refused += 1
                else:
                    traffic.failed[f"{type(error).__name__} after {answers} answers"] += 1
            ended.wait(0.05)
        finally:
            connection.close()


@contextmanager
def asking(
    port: int, *, host: str = "127.0.0.1", clients: int = 8, keep: bool = True
) -> Iterator[Traffic]:
    """Clients at work while the block runs; `keep` lets them keep their connections."""
    traffic, ended = Traffic(), threading.Event()
    threads = [
        threading.Thread(target=ask, args=(host, port, keep, traffic, ended))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        ended.set()
        for thread in threads:
            thread.join()
