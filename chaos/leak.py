"""Half a million requests of all kinds to the same workers: what grows?"""

from __future__ import annotations

import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Container, Iterator
from pathlib import Path

import msgspec

from benchmarks.server import PROC, Server, ServerError
from chaos.outcome import Outcome
from chaos.service import serving, workers
from chaos.texts import texts

SCRIPT = Path(__file__).with_name("mixed.lua")
REQUESTS = 500_000
WARM_UP = 0.1
GROWTH = 0.02
CONNECTIONS = 16
PART = 10
"""Seconds of load between two looks at the processes."""
METHODS = ("GET", "DELETE", "BREW")


class Load(msgspec.Struct, frozen=True):
    """What wrk saw."""

    requests: int
    faults: int
    """Answers with 5xx."""
    broken: int
    """Connections that failed."""


class Sample(msgspec.Struct, frozen=True):
    """What the server takes, its workers idle."""

    requests: int
    resident: float
    """Megabytes of the workers. Not the proportional size: what a worker shares with the rest of
    the machine is divided among fewer when other processes end, and it would seem to grow."""
    own: float
    """Megabytes among them that are shared with nobody."""
    descriptors: int
    files: int
    """Files of counts, with their bytes."""
    file_bytes: int
    series: int


def trial(requests: int = REQUESTS) -> list[Outcome]:
    """Send so many requests, and compare the server after a tenth of them with that at the end."""
    with tempfile.TemporaryDirectory() as scratch:
        lines = Path(scratch) / "requests"
        lines.write_bytes(b"".join(kinds()))
        with serving(metrics_dir=scratch) as server:
            pids = workers(server)
            samples, loads = list[Sample](), list[Load]()
            while (sent := sum(load.requests for load in loads)) < requests:
                loads.append(send(server.port, lines))
                if sent >= WARM_UP * requests:
                    samples.append(sample(server, Path(scratch), sent + loads[-1].requests))
            same = workers(server) == pids
    return outcomes(samples, loads, same)


def outcomes(samples: list[Sample], loads: list[Load], same: bool) -> list[Outcome]:
    """Compare the first sample with the last."""
    first, last = samples[0], samples[-1]
    sent = sum(load.requests for load in loads)
    faults, broken = (sum(getattr(load, name) for load in loads) for name in ("faults", "broken"))
    growth = last.resident / first.resident - 1
    return [
        Outcome(
            "It does not leak memory",
            f"RSS of the workers {growth:+.2%}, {first.resident:.1f} to {last.resident:.1f} MB, of"
            f" it their own {first.own:.1f} to {last.own:.1f} MB, between request {first.requests}"
            f" and {last.requests};"
            f" {'the same workers throughout' if same else 'workers were replaced'}",
            f"RSS < +{GROWTH:.0%} after warm-up",
            growth < GROWTH and same,
        ),
        Outcome(
            "Metrics are bounded",
            f"{first.files} to {last.files} files, {first.file_bytes} to {last.file_bytes} bytes;"
            f" {first.series} to {last.series} series",
            "no more of either than after warm-up",
            (last.files, last.file_bytes, last.series)
            == (first.files, first.file_bytes, first.series),
        ),
        Outcome(
            "Descriptors are given back",
            f"{first.descriptors} to {last.descriptors}",
            "no more than after warm-up",
            last.descriptors <= first.descriptors,
        ),
        Outcome(
            "Requests of all kinds are answered",
            f"{faults} answers with 5xx and {broken} broken connections in {sent} requests",
            "none of either",
            faults == broken == 0,
        ),
    ]


def kinds() -> Iterator[bytes]:
    """Requests as lines for wrk: mostly predictions, and some of everything else."""
    others: list[tuple[Container[int], Callable[[str], bytes]]] = [
        ({0, 25}, lambda _: _line("POST", "/predictions", {"texts": texts(8)})),
        (range(1, 5), lambda text: _line("POST", "/predict?scores=true&explain=5", {"text": text})),
        (range(5, 7), lambda text: _line("POST", "/prediction", {"txet": text})),
        (range(7, 8), lambda _: b"POST /prediction {not JSON\n"),
        (range(8, 11), lambda _: b"GET /nothing/NUMBER\n"),
        *(({11 + n}, _without_body(method)) for n, method in enumerate(METHODS)),
        (range(14, 16), lambda _: b"GET /healthz\n"),
        (range(16, 17), lambda _: b"GET /docs\n"),
        (range(17, 18), lambda _: b"GET /model\n"),
        (range(18, 19), lambda _: b"GET /metrics\n"),
        (range(19, 20), lambda text: _line("POST", "/prediction", {"text": text * 100})),
    ]
    for number, text in enumerate(texts(1000)):
        yield _line("POST", "/prediction", {"text": text})
        yield from (line(text) for numbers, line in others if number % 50 in numbers)


def _without_body(method: str) -> Callable[[str], bytes]:
    return lambda _: f"{method} /prediction\n".encode()


def send(port: int, lines: Path) -> Load:
    """Load the server for a while. Raises ServerError where there is no wrk, or it fails."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{PART}s", "--timeout", "10s"]
    command += ["-s", str(SCRIPT), f"http://127.0.0.1:{port}", "--", str(lines)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise ServerError("wrk is not installed: apt-get install wrk") from None
    except subprocess.CalledProcessError as error:
        raise ServerError(f"wrk failed: {error.stderr or error.stdout}") from None
    result = next(line for line in done.stdout.splitlines() if line.startswith("result "))
    return msgspec.json.decode(result.removeprefix("result "), type=Load)


def sample(server: Server, metrics_base: Path, requests: int) -> Sample:
    """Look at the server once the load's connections are gone."""
    time.sleep(1)
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
        series = sum(not line.startswith(b"#") for line in answer.read().splitlines())
    (folder,) = metrics_base.glob("textclf-metrics-*")
    files = [path.stat().st_size for path in folder.iterdir()]
    return Sample(
        requests,
        sum(megabytes(pid, "Rss") for pid in workers(server)),
        sum(megabytes(pid, "Private_Dirty") for pid in workers(server)),
        sum(len(list((PROC / str(pid) / "fd").iterdir())) for pid in workers(server)),
        len(files),
        sum(files),
        series,
    )


def megabytes(pid: int, kind: str) -> float:
    """Memory of a process, of one of the kinds that the kernel shows in smaps_rollup."""
    for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith(f"{kind}:"):
            return int(line.split()[1]) / 1024
    raise ServerError(f"the kernel does not show {kind} of process {pid}")


def _line(method: str, path: str, body: object) -> bytes:
    return f"{method} {path} ".encode() + msgspec.json.encode(body) + b"\n"
