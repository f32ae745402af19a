"""Trial: bodies with and without a Content-Length, just under, at and over the size limit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from chaos.outcome import Outcome
from chaos.rawhttp import exchange, post, status
from chaos.service import Service, service

LIMIT = 1_048_576
SIZES = {"half": LIMIT // 2, "under": LIMIT - 1, "at": LIMIT, "over": LIMIT + 1, "twice": 2 * LIMIT}
SENTENCE = "The goalie stopped every shot in overtime and won the cup. "
LABEL = "hockey"
SECONDS = 20


def trial() -> list[Outcome]:
    """Send every size, framed and filled in every way, to both routes of predictions."""
    with service(max_body_bytes=LIMIT) as running:
        return [_outcome(running, name, frame) for name, frame in FRAMES.items()]


def _with_length(path: str, body: bytes) -> bytes:
    return post(path, body)


def _in_chunks(size: int) -> Callable[[str, bytes], bytes]:
    def frame(path: str, body: bytes) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
        )
        chunks = (body[start : start + size] for start in range(0, len(body), size))
        framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
        return head.encode() + framed + b"0\r\n\r\n"

    return frame


FRAMES = {
    "with a Content-Length": _with_length,
    "in chunks of 100 bytes": _in_chunks(100),
    "in chunks of 64 KiB": _in_chunks(65_536),
    "in one chunk": _in_chunks(2 * LIMIT),
}


def _bodies(size: int) -> Iterator[tuple[str, bytes, object]]:
    """Path, body and right answer; a body that is cut at the limit may be whole JSON all the same.

    That is what blanks after the end of the JSON are for.
    """
    for path, before, after, answer in (
        ("/prediction", b'{"text": "', b'"}', {"label": LABEL}),
        ("/predictions", b'{"texts": ["', b'"]}', {"labels": [LABEL]}),
    ):
        room = size - len(before) - len(after)
        text = (SENTENCE * (room // len(SENTENCE) + 1))[:room].encode()
        yield path, before + text + after, answer
        yield path, (before + SENTENCE.encode() + after).ljust(size), answer


def _outcome(running: Service, name: str, frame: Callable[[str, bytes], bytes]) -> Outcome:
    right, wrong = 0, []
    for size_name, size in SIZES.items():
        for path, body, answer in _bodies(size):
            received, _ = exchange(running.port, frame(path, body), seconds=SECONDS)
            expected = 200 if size <= LIMIT else 413
            body_of_answer = received.partition(b"\r\n\r\n")[2]
            decoded = json.loads(body_of_answer) if status(received) == 200 else {}
            if status(received) == expected and (expected == 413 or decoded == answer):
                right += 1
            else:
                wrong.append(f"{size_name} the limit: {status(received)}")
    return Outcome(
        f"the limit holds for bodies {name}",
        f"{right} of {right + len(wrong)} right" + "".join(f"; {each}" for each in wrong[:5]),
        "200 up to the limit, 413 over it, never half a text",
        not wrong,
    )
