"""Bodies that no honest client sends: made at random, the same at each run."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice, product
from random import Random

Make = Callable[[Random], bytes]

MEBIBYTE = 2**20
NESTED = 200_000
DISTINCT = 10**6

VALID = (
    b'{"text": "The goalie stopped every shot."}',
    b'{"texts": ["The probe is in orbit.", "Which resistor do I need?"]}',
    '{"text": "La fus\u00e9e, \u706b\u7bad, \U0001f680"}'.encode(),
    b'{"id": [1, {"a": null}], "text": "caf\\u00e9 \\ud83d\\ude80", "b": 1.5e3}',
)
ATOMS = (
    *(b"null", b"true", b"-0", b"1e400", b"-1e-400", b"NaN", b"Infinity", b"-Infinity", b"0x1"),
    *(b"9" * 400, b"1." + b"0" * 400 + b"1", b"01", b"+1", b".5", b"1.", b"'a'", b"undefined"),
    *(
        b'""',
        b'" "',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\\u0000"',
        b'"\x00"',
        b'"\xff"',
        b'"\\x"',
    ),
    *(
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        b'"\xf4\x90\x80\x80"',
        b'"\\u12"',
        b'"\xe2\x80\xa8"',
        b'"a',
    ),
    *(b"[]", b"{}", b"[" * 50, b"]" * 50, b'{"text":' * 50, b"/**/1", b"\xef\xbb\xbf", b""),
    b'"The goalie stopped every shot."',
)
NAMES = (b'"text"', b'"texts"', b'"Text"', b'"te\\u0078t"', b'""', b"text", b'"\\ud800"', b"1")


def random_bytes(chance: Random) -> bytes:
    """Any bytes."""
    return chance.randbytes(chance.randrange(300))


def mutated(chance: Random) -> bytes:
    """A valid body with a few of its bytes changed, removed, put in or repeated."""
    body = bytearray(chance.choice(VALID))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(body) + 1)
        end = at + chance.randrange(8)
        body[at : chance.choice((at, end))] = chance.choice(
            (
                b"",
                chance.randbytes(1),
                bytes(body[at:end]) * 2,
                chance.choice(b'"\\{}[],:').to_bytes(),
            )
        )
    return bytes(body)


def strange_json(chance: Random) -> bytes:
    """Objects of names and values of which some are no JSON, with names given twice."""
    pairs = (
        chance.choice(NAMES[: chance.choice((2, len(NAMES)))]) + b":" + _value(chance)
        for _ in range(chance.randint(1, 3))
    )
    body = b"{" + b",".join(pairs) + b"}"
    return body if chance.random() < 0.9 else body.decode(errors="replace").encode("utf-16")


def _value(chance: Random) -> bytes:
    atom = chance.choice(ATOMS)
    return b"[" + b",".join([atom] * chance.randrange(4)) + b"]" if chance.random() < 0.3 else atom


def strange_text(chance: Random) -> bytes:
    """A valid body, whose text is made of any characters of Unicode."""
    ranges = ((0, 0x80), (0x80, 0x3000), (0x3000, 0xD800), (0xE000, 0x10000), (0x10000, 0x110000))
    first, end = chance.choice(ranges)
    text = "".join(chr(chance.randrange(first, end)) for _ in range(chance.randrange(60)))
    content: object = {"text": text} if chance.random() < 0.5 else {"texts": [text, text]}
    return json.dumps(content, ensure_ascii=chance.random() < 0.5).encode()


BY_CHANCE: dict[str, Make] = {
    "random bytes": random_bytes,
    "mutated JSON": mutated,
    "strange JSON": strange_json,
    "strange texts": strange_text,
}


def giants() -> dict[str, bytes]:
    """The largest bodies, by name."""
    distinct = " ".join(map("".join, islice(product("etaoinshrdlu", repeat=6), DISTINCT)))
    return {
        "nested arrays": b'{"text": ' + b"[" * NESTED + b"]" * NESTED + b"}",
        "nested objects": b'{"a":' * NESTED + b"1" + b"}" * NESTED,
        "open brackets": b"[" * MEBIBYTE,
        "one word": b'{"text": "' + b"x" * MEBIBYTE + b'"}',
        "distinct words": json.dumps({"text": distinct}).encode(),
        "a number": b'{"text": ' + b"9" * MEBIBYTE + b"}",
        "a number not looked at": b'{"text": "a", "b": ' + b"9" * MEBIBYTE + b"}",
        "an exponent": b'{"text": "a", "b": 1e' + b"9" * MEBIBYTE + b"}",
        "one name many times": b"{" + b'"text": "a",' * 80_000 + b'"text": "a"}',
        "many names": b"{" + b",".join(b'"%d": 0' % n for n in range(90_000)) + b"}",
        "many texts": b'{"texts": [' + b'"",' * 300_000 + b'""]}',
        "escapes": b'{"text": "' + b"\\u0041" * (MEBIBYTE // 6) + b'"}',
        "surrogates": b'{"text": "' + b"\\ud800" * (MEBIBYTE // 6) + b'"}',
        "blanks": b" " * MEBIBYTE,
        "nulls": bytes(MEBIBYTE),
    }
