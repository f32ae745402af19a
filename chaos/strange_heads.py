"""Requests that are no HTTP, or that two servers in a row could understand in two ways."""

from __future__ import annotations

import gzip
from random import Random

from chaos.rawhttp import GOALIE, post

PIPELINED = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
"""A second request: answered, it was smuggled past whoever took it for a part of the first."""

LINE = b"POST /prediction HTTP/1.1\r\n"
HOST = b"Host: x\r\n"
CHUNKS = b"0\r\n\r\n"
BOMB = gzip.compress(b'{"text": "' + bytes(10**6) + b'"}')


def _head(*fields: bytes, line: bytes = LINE, host: bytes = HOST) -> bytes:
    return line + host + b"".join(field + b"\r\n" for field in fields) + b"\r\n"


def shapes() -> dict[str, bytes]:
    """Requests of which the end is in doubt, or that are malformed; none may be followed."""
    length, chunked = b"Content-Length: 5", b"Transfer-Encoding: chunked"
    return {
        "length and chunks": _head(length, chunked) + CHUNKS,
        "chunks and length": _head(chunked, length) + CHUNKS,
        "two lengths": _head(length, b"Content-Length: 0"),
        "the same length twice": _head(length, length) + CHUNKS,
        "two lengths in a line": _head(b"Content-Length: 5, 0") + CHUNKS,
        "negative length": _head(b"Content-Length: -1"),
        "length with a sign": _head(b"Content-Length: +5") + CHUNKS,
        "length in hexadecimal": _head(b"Content-Length: 0x5") + CHUNKS,
        "length with a superscript": _head("Content-Length: 5²".encode("latin-1")) + CHUNKS,
        "length that is empty": _head(b"Content-Length:"),
        "length that is huge": _head(b"Content-Length: " + b"9" * 400),
        "blank before the colon": _head(b"Content-Length : 5") + CHUNKS,
        "folded line": _head(b"X: a\r\n b"),
        "folded transfer coding": _head(b"Transfer-Encoding:\r\n chunked") + CHUNKS,
        "identity": _head(b"Transfer-Encoding: identity") + CHUNKS,
        "identity after chunked": _head(b"Transfer-Encoding: chunked, identity") + CHUNKS,
        "chunked twice": _head(b"Transfer-Encoding: chunked, chunked") + CHUNKS,
        "chunked in two lines": _head(chunked, chunked) + CHUNKS,
        "gzip, chunked": _head(b"Transfer-Encoding: gzip, chunked") + CHUNKS,
        "unknown transfer coding": _head(b"Transfer-Encoding: cow") + CHUNKS,
        "transfer coding with a tab": _head(b"Transfer-Encoding: \x0bchunked") + CHUNKS,
        "transfer coding with an underscore": _head(b"Transfer_Encoding: chunked", length)
        + b"0\r\n\r\nGET",
        "chunks in HTTP/1.0": _head(chunked, line=b"POST /prediction HTTP/1.0\r\n") + CHUNKS,
        "bare line feeds": b"POST /prediction HTTP/1.1\nHost: x\nContent-Length: 0\n\n",
        "bare line feed in the head": LINE + b"Host: x\nX: y\r\n\r\n",
        "bare carriage return": _head(b"X: a\rContent-Length: 5"),
        "null in a header": _head(b"X: a\0b"),
        "null in the target": _head(line=b"GET /\0 HTTP/1.1\r\n"),
        "no colon": _head(b"quixotic"),
        "no name": _head(b": x"),
        "two hosts": _head(HOST.strip()),
        "blank in a name": _head(b"X Y: z"),
        "control character in a name": _head(b"X\x01: z"),
        "two blanks in the line": _head(line=b"GET  / HTTP/1.1\r\n"),
        "version of two digits": _head(line=b"GET / HTTP/1.10\r\n"),
        "version 2": _head(line=b"GET / HTTP/2.0\r\n"),
        "no version": b"GET /\r\n\r\n",
        "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "lower-case method": _head(line=b"get / HTTP/1.1\r\n"),
        "connect": _head(line=b"CONNECT x:80 HTTP/1.1\r\n"),
        "asterisk": _head(line=b"GET * HTTP/1.1\r\n"),
        "target beyond ASCII": _head(line="GET /é HTTP/1.1\r\n".encode()),
        "long line": _head(line=b"GET /" + b"x" * 4096 + b" HTTP/1.1\r\n"),
        "long header": _head(b"X: " + b"x" * 8192),
        "many headers": _head(*[b"X: x"] * 200),
        "unknown expectation": _head(b"Expect: cow"),
        "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)),
        "PROXY line": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + _head(),
        "chunk size with a sign": _head(chunked) + b"+5\r\nhello\r\n" + CHUNKS,
        "chunk size in 0x": _head(chunked) + b"0x5\r\nhello\r\n" + CHUNKS,
        "chunk size with underscores": _head(chunked) + b"1_0\r\n" + bytes(16) + b"\r\n" + CHUNKS,
        "chunk size that is empty": _head(chunked) + b"\r\nhello\r\n" + CHUNKS,
        "chunk size that is huge": _head(chunked) + b"f" * 40 + b"\r\nhello\r\n" + CHUNKS,
        "chunk shorter than said": _head(chunked) + b"5\r\nhell\r\n" + CHUNKS,
        "chunk longer than said": _head(chunked) + b"5\r\nhello!\r\n" + CHUNKS,
        "chunk ended by a line feed": _head(chunked) + b"5\nhello\n0\n\n",
        "chunk extension with a quote": _head(chunked) + b'5;a="\r\nhello\r\n' + CHUNKS,
        "long chunk extension": _head(chunked) + b"5;" + b"a" * 9000 + b"\r\nhello\r\n" + CHUNKS,
        "length in a trailer": _head(chunked) + b"0\r\nContent-Length: 5\r\n\r\n",
        "zip bomb": post("/prediction", BOMB, "Content-Encoding: gzip"),
        "zip bomb in a batch": post("/predictions", BOMB, "Content-Encoding: gzip, gzip"),
        "unread chunks, malformed": _head(chunked, line=b"POST /nowhere HTTP/1.1\r\n") + b"zz\r\n",
    }


def lengths() -> dict[str, bytes]:
    """Bodies that are longer or shorter than they are said to be, and then end."""
    head = LINE + HOST + b"Content-Length: %d\r\n\r\n"
    return {
        f"{more:+} bytes": head % (len(GOALIE) - more) + GOALIE
        for more in (-100_000, -1, 1, 2, 10, len(GOALIE))
    }


def mutated(chance: Random) -> bytes:
    """A request with a few bytes of its head changed, removed, put in or repeated."""
    fields = [
        b"Content-Length: %d" % len(GOALIE),
        b"Transfer-Encoding: chunked",
        b"X-Request-ID: a",
    ]
    request = bytearray(_head(*chance.sample(fields, chance.randint(1, 2))))
    parts = (
        b"\r\n",
        b"\n",
        b" ",
        b":",
        b"\0",
        b"\t",
        b"Content-Length: 3\r\n",
        b"\xff",
        b"chunked",
        b";",
    )
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(request))
        end = at + chance.randrange(6)
        request[at : chance.choice((at, end))] = chance.choice(
            (b"", chance.randbytes(1), chance.choice(parts), bytes(request[at:end]) * 2)
        )
    return bytes(request) + GOALIE
