"""Trial: texts that are made to cost more than others of their size."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from itertools import cycle, islice

from app.config import Config
from app.examples import EXAMPLES
from chaos.outcome import Outcome
from model.classifier import Classifier, load_classifier

TIMES = 5.0
"""How often the time per byte of ordinary text may be taken. Ordinary text skips most steps of
cleaning, which hostile text can ask for; a step of quadratic time would take hundreds of times."""
ROUNDS = 7
LETTERS = "etaoinshrdlucmfwypvbgkqjxz"


def trial() -> list[Outcome]:
    """Classify texts of the largest size that a body may have, and compare their times."""
    classifier = load_classifier(Config().model_dir)
    size = Config().max_body_bytes
    texts = {name: _fit(make(random.Random(0)), size) for name, make in HOSTILE.items()}
    texts[ORDINARY] = _fit(_ordinary(random.Random(0)), size)
    seconds = _fastest(classifier, texts)
    per_byte = {name: taken / len(texts[name].encode()) for name, taken in seconds.items()}
    return [_outcome(name, per_byte) for name in HOSTILE]


def _ordinary(chance: random.Random) -> str:
    """Prose of everyday words, one in eight of them seldom seen: as in mail, all in all."""
    everyday = " ".join(EXAMPLES.values()).split()
    return " ".join(
        _word(chance) if chance.random() < 1 / 8 else chance.choice(everyday)
        for _ in range(200_000)
    )


def _word(chance: random.Random, alphabet: str = LETTERS) -> str:
    return "".join(chance.choices(alphabet, k=chance.randint(4, 9)))


def _words_of(alphabet: str, count: int = 200_000) -> Callable[[random.Random], str]:
    return lambda chance: " ".join(_word(chance, alphabet) for _ in range(count))


def _again_and_again(part: str) -> Callable[[random.Random], str]:
    return lambda chance: part * (1_048_576 // len(part.encode()) + 1)


def _letters(first: int, last: int) -> str:
    return "".join(filter(str.isalpha, map(chr, range(first, last + 1))))


def _shortest_distinct(chance: random.Random) -> str:
    """As many distinct words as fit."""
    return " ".join(
        a + b + c + d for a in LETTERS for b in LETTERS for c in LETTERS for d in LETTERS
    )


def _mixed(chance: random.Random) -> str:
    scripts = [LETTERS, _letters(0x400, 0x4FF), _letters(0x5D0, 0x5EA), _letters(0x4E00, 0x9FFF)]
    return " ".join(_word(chance, alphabet) for alphabet in islice(cycle(scripts), 100_000))


ORDINARY = "ordinary"
HOSTILE: dict[str, Callable[[random.Random], str]] = {
    "one huge word": _again_and_again("x"),
    "nothing but blanks": _again_and_again(" "),
    "words of one s": _again_and_again("s "),
    "words of one letter": _again_and_again("a "),
    "punctuation": _again_and_again("!?"),
    "digits": _again_and_again("1 2 3 45 "),
    "distinct words": _shortest_distinct,
    "distinct words, long": _words_of(LETTERS),
    "known words": lambda chance: " ".join(
        chance.choices(" ".join(EXAMPLES.values()).split(), k=300_000)
    ),
    "Greek": _words_of(_letters(0x391, 0x3C9)),
    "Cyrillic": _words_of(_letters(0x400, 0x4FF)),
    "Arabic": _words_of(_letters(0x620, 0x64A)),
    "Han": _words_of(_letters(0x4E00, 0x9FFF)),
    "Han beyond the basic plane": _words_of(_letters(0x20000, 0x2A6D0)),
    "kana": _words_of(_letters(0x3041, 0x30FF)),
    "Hangul": _words_of(_letters(0xAC00, 0xD7A3)),
    "emoji": _again_and_again("\N{GRINNING FACE}"),
    "any characters": lambda chance: "".join(map(chr, chance.choices(range(0xD800), k=500_000))),
    "combining marks": _again_and_again("a" + "\N{COMBINING ACUTE ACCENT}" * 30),
    "capitals that grow": _again_and_again("\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"),
    "sigmas": _again_and_again("\N{GREEK CAPITAL LETTER SIGMA}"),
    "mixed scripts": _mixed,
    "one letter beyond ASCII": lambda chance: "é" + _ordinary(chance),
    "Subject lines": _again_and_again("Subject: the goalie\n"),
    "Subject of a megabyte": lambda chance: "Subject: " + _ordinary(chance),
    "Subject not at a line's start": _again_and_again("xSubject:"),
    "line ends": _again_and_again("\n"),
    "Windows line ends": _again_and_again("\r\n"),
    "zero-width characters": _again_and_again("a\N{ZERO WIDTH SPACE}"),
    "full-width letters": _words_of(_letters(0xFF41, 0xFF5A)),
    "marks in two orders": _again_and_again(
        "\N{COMBINING ACUTE ACCENT}\N{COMBINING CEDILLA}\N{COMBINING GRAVE ACCENT BELOW}"
    ),
    "longest ligatures": _again_and_again("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"),
    "header of a megabyte": lambda chance: "Subject: a\n" + "A: b\n" * 200_000 + "\nThe goalie",
    "folds of a megabyte": lambda chance: "Subject: a\n" + " b\n" * 300_000 + "\nThe goalie",
    "encoded words": lambda chance: f"Subject: {'=?utf-8?B?QUJD?= ' * 60_000}\n\nThe goalie",
    "parts in parts": lambda chance: _nested(chance, 5),
    "parts in thousands of parts": lambda chance: _nested(chance, 5_000),
    "tags without end": lambda chance: f"From: a\nContent-Type: text/html\n\n{'<style>' * 150_000}",
    "comments without end": lambda chance: (
        f"From: a\nContent-Type: text/html\n\n{'<!--' * 250_000}"
    ),
    "armour without end": _again_and_again("-----BEGIN PGP MESSAGE-----\n"),
    "files without end": _again_and_again("begin 644 a\nM\n"),
    "quote marks": _again_and_again("> "),
    "quoted headers": _again_and_again("\n\nFrom: a\nTo: b"),
    "quoting lines": _again_and_again("\nOn 1 wrote"),
    "legal words": _again_and_again("confidential intended recipient in error\n\n"),
}


def _nested(chance: random.Random, depth: int) -> str:
    levels = "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
        for level in range(depth)
    )
    return f"From: a\n{levels}\n{_ordinary(chance)}"


def _fit(text: str, size: int) -> str:
    """The text, cut to so many bytes of UTF-8."""
    return text.encode()[:size].decode(errors="ignore")


def _fastest(classifier: Classifier, texts: dict[str, str]) -> dict[str, float]:
    """Least seconds of some rounds: the kinds take turns, so that other load meets them alike."""
    best = dict.fromkeys(texts, float("inf"))
    for _ in range(ROUNDS):
        for name, text in texts.items():
            started = time.process_time()
            classifier.predict(text)
            best[name] = min(best[name], time.process_time() - started)
    return best


def _outcome(name: str, per_byte: dict[str, float]) -> Outcome:
    ratio = per_byte[name] / per_byte[ORDINARY]
    return Outcome(
        f"cost is linear: {name}",
        f"{ratio:.2f} times as long a byte as ordinary text ({per_byte[name] * 1e9:.0f} ns)",
        f"≤ {TIMES:.0f} times",
        ratio <= TIMES,
    )
