"""Trial: input that is wrong in every way, to the application and to the server's port."""

from __future__ import annotations

import io
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from werkzeug.test import create_environ

from app import create_app
from app.config import Config
from chaos import strange_bodies, strange_heads
from chaos.outcome import Outcome
from chaos.rawhttp import exchange, status
from chaos.service import Service, service
from chaos.strange_heads import PIPELINED
from model.classifier import load_classifier

SEED = 0
CASES_BY_CHANCE = 25_000
CASES_OF_HYPOTHESIS = 3_000
MUTATED_HEADS = 2_000
LEAST_CASES = 100_000
LONGEST_SECONDS = 1.0
LONGEST_EXCHANGE_SECONDS = 2.0
GROWTH_MEBIBYTES = 16.0
PATHS = ("/prediction", "/predictions", "/predict")
QUERIES = ("", "", "scores=true", "explain=3", "explain=1000&scores=1", "explain=x", "%ff=%00&a")
# What a request for a prediction may be answered with, whatever it is.
STATUSES = frozenset({200, 400, 405, 413, 415})


@dataclass
class Tally:
    """What cases of several kinds came to."""

    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    longest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def note(self, kind: str, found: int, seconds: float, fault: str = "") -> None:
        """Count a case, and keep what is wrong with it."""
        self.cases[kind] += 1
        self.statuses[found] += 1
        self.longest = max(self.longest, seconds)
        if fault:
            self.wrong.append(f"{kind}: {fault}")


def trial() -> list[Outcome]:
    """Put all of it to the application, then to a server."""
    settings = Config(max_body_bytes=8 * strange_bodies.MEBIBYTE)
    app = create_app(settings, load_classifier(settings.model_dir))
    bodies, heads = Tally(), Tally()
    growth = _try_bodies(app, bodies)
    with service() as running:
        before = running.workers()
        _try_heads(running, heads)
        alive = running.workers() == before
        errors = running.log.count('"ERROR"')
    return [
        _of_bodies(bodies),
        _of_heads(heads, alive=alive, errors=errors),
        Outcome(
            "bad input: memory",
            f"{growth:.1f} MiB more after the cases than after their first tenth",
            f"< {GROWTH_MEBIBYTES:.0f} MiB",
            growth < GROWTH_MEBIBYTES,
        ),
    ]


def _try_bodies(app: Flask, tally: Tally) -> float:
    """Try all bodies; return the mebibytes that the process grew by after the first tenth."""
    chance = Random(SEED)
    for name, body in strange_bodies.giants().items():
        for path in PATHS[:2]:
            _ask(app, tally, f"giants ({name})", path, body)
    _try_hypothesis(app, tally)
    for make in strange_bodies.BY_CHANCE.values():
        _try_many(app, tally, make, chance, CASES_BY_CHANCE // 10)
    before = _mebibytes()
    for make in strange_bodies.BY_CHANCE.values():
        _try_many(app, tally, make, chance, CASES_BY_CHANCE - CASES_BY_CHANCE // 10)
    return _mebibytes() - before


def _try_many(
    app: Flask, tally: Tally, make: strange_bodies.Make, chance: Random, times: int
) -> None:
    kind = make.__name__.replace("_", " ")
    for _ in range(times):
        _ask(app, tally, kind, chance.choice(PATHS), make(chance), chance.choice(QUERIES))


def _try_hypothesis(app: Flask, tally: Tally) -> None:
    """Any JSON: what hypothesis finds worth trying, the same at each run."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
    values = st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["text", "texts", ""]), inner)
        ),
    )

    @hypothesis_settings(
        max_examples=CASES_OF_HYPOTHESIS,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(PATHS), values)
    def try_one(path: str, value: object) -> None:
        _ask(app, tally, "hypothesis", path, json.dumps(value).encode())

    try_one()


def _ask(app: Flask, tally: Tally, kind: str, path: str, body: bytes, query: str = "") -> None:
    environ = create_environ(path, method="POST", query_string=query)
    environ |= {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    answered: list[str] = []
    # Of this process alone: another's load is no hang.
    started = time.process_time()
    content = b"".join(app(environ, lambda line, *_: answered.append(line)))  # type: ignore[arg-type]
    seconds = time.process_time() - started
    found = int(answered[0].split()[0])
    fault = "" if found in STATUSES else f"{found}"
    if seconds > LONGEST_SECONDS:
        fault += f" after {seconds:.1f} s"
    json.loads(content)
    tally.note(kind, found, seconds, fault)


def _try_heads(running: Service, tally: Tally) -> None:
    for name, request in strange_heads.shapes().items():
        _exchange(running, tally, "ambiguous or malformed requests", name, request + PIPELINED, 1)
    for name, request in strange_heads.lengths().items():
        _exchange(running, tally, "wrong lengths", name, request, 2)
    chance = Random(SEED)
    for _ in range(MUTATED_HEADS):
        request = strange_heads.mutated(chance)
        _exchange(running, tally, "mutated heads", repr(request[:40]), request, 3)


def _exchange(
    running: Service, tally: Tally, kind: str, name: str, request: bytes, most: int
) -> None:
    """Send a request and nothing more; at most so many answers may come before the end."""
    started = time.perf_counter()
    answer, closed = exchange(running.port, request, half_close=True)
    seconds = time.perf_counter() - started
    found = status(answer)
    fault = "" if found < 500 or found == 501 else f"{name} {found}"
    if not closed or seconds > LONGEST_EXCHANGE_SECONDS:
        fault = f"{name} not closed in {seconds:.1f} s"
    if answer.count(b"HTTP/1.1 ") > most:
        fault = f"{name} answered {answer.count(b'HTTP/1.1 ')} times"
    tally.note(kind, found, seconds, fault)


def _of_bodies(tally: Tally) -> Outcome:
    kinds = Counter({kind.partition(" (")[0]: 0 for kind in tally.cases})
    for kind, number in tally.cases.items():
        kinds[kind.partition(" (")[0]] += number
    return Outcome(
        "bad input: bodies, to the application in process",
        f"{tally.cases.total()} cases: {_listed(kinds)}, seed {SEED}; {_listed(tally.statuses)};"
        f" longest {tally.longest * 1000:.0f} ms of CPU{_reported(tally)}",
        f"≥ {LEAST_CASES} cases, no 5xx, none over {LONGEST_SECONDS:.0f} s of CPU",
        not tally.wrong and tally.cases.total() >= LEAST_CASES,
    )


def _of_heads(tally: Tally, *, alive: bool, errors: int) -> Outcome:
    return Outcome(
        "bad input: requests, to the server's port",
        f"{_listed(tally.cases)}, seed {SEED}; {_listed(tally.statuses)}; longest"
        f" {tally.longest * 1000:.0f} ms; {errors} errors logged,"
        f" workers {'the same' if alive else 'replaced'}{_reported(tally)}",
        f"answered 4xx, 501 or closed in {LONGEST_EXCHANGE_SECONDS:.0f} s, nothing answered after"
        " an ambiguous request, same workers",
        not tally.wrong and alive and errors == 0,
    )


def _listed(counts: Counter[str] | Counter[int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(counts.items(), key=str))


def _reported(tally: Tally) -> str:
    return "".join(f"; {each}" for each in tally.wrong[:5])


def _mebibytes() -> float:
    """Resident memory of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024
