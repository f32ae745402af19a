"""The server against that of another checkout: python -m benchmarks.against FOLDER.

Make the other checkout with `git worktree add --detach FOLDER COMMIT`, and its environment in
FOLDER/.venv. Both run at once, one worker each, and are loaded in turns, so that what slows the
machine meets both alike; figures are medians of the rounds. Each serves its own model.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.load import Load, closed_loop
from benchmarks.measure import CPUS
from benchmarks.posts import sample, write_singles
from benchmarks.scorer import SINGLE_THREADED, interpreter, medians
from benchmarks.server import ROOT, Server, free_port, running

ROUNDS = 7
SECONDS = 2
FEW, SOME, MANY = 8, 64, 200
RESTING = 100
CONSTANT = "benchmarks.constant:application"


@dataclass(frozen=True)
class Figure:
    """What was measured, and the bound that it is to keep."""

    name: str
    value: float
    bound: float
    at_least: bool = False
    """Whether more is better."""

    def line(self) -> str:
        """The row of the table."""
        is_met = self.value >= self.bound if self.at_least else self.value <= self.bound
        sign = "≥" if self.at_least else "≤"
        verdict = "met" if is_met else "NOT MET"
        return f"| {self.name} | {self.value:.2f} | {sign} {self.bound:.2f} | {verdict} |"


@dataclass(frozen=True)
class Loaded:
    """A server under load by so many connections."""

    server: Server
    bodies: Path

    def cost(self, connections: int) -> float:
        """Processor microseconds of the server for a request."""
        before = self.server.cpu_seconds()
        load = self._load(connections)
        return (self.server.cpu_seconds() - before) / load.requests * 1e6

    def rate(self, connections: int) -> float:
        """Requests answered a second."""
        return self._load(connections).rate

    def spread(self, connections: int) -> float:
        """The slowest hundredth of the answers over the median."""
        load = self._load(connections)
        return load.p99_us / load.p50_us

    def _load(self, connections: int) -> Load:
        return closed_loop(
            self.server.port,
            "/prediction",
            self.bodies,
            seconds=SECONDS,
            connections=connections,
            cpus=CPUS[-1:],
        )


def main(arguments: list[str]) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against")
    parser.add_argument("folder", type=Path, help="the other checkout")
    parser.add_argument("--data-dir", type=Path, default=ROOT / "data")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    print("| figure | value | bound | |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        bodies = write_singles(Path(temporary) / "singles", sample(options.data_dir))
        for figure in _figures(options.folder.resolve(), bodies, options.rounds):
            print(figure.line(), flush=True)


def _figures(other: Path, bodies: Path, rounds: int) -> Iterator[Figure]:
    with ExitStack() as stack:
        old, new, constant = (
            Loaded(stack.enter_context(_server(folder, application)), bodies)
            for folder, application in ((other, None), (ROOT, None), (ROOT, CONSTANT))
        )

        def ratio(
            first: Loaded, second: Loaded, measure: Callable[[Loaded, int], float], count: int
        ) -> float:
            over, under = medians(
                [lambda: measure(first, count), lambda: measure(second, count)], rounds
            )
            return over / under

        name = f"CPU of a request, {FEW} connections, over the other's"
        yield Figure(name, ratio(new, old, Loaded.cost, FEW), 0.58)
        name = f"requests a second, {SOME} connections, over the other's"
        yield Figure(name, ratio(new, old, Loaded.rate, SOME), 1.7, at_least=True)
        name = "CPU of a constant view in Flask alone, over the other's prediction"
        yield Figure(name, ratio(constant, old, Loaded.cost, FEW), 0.45)
        few, many = medians([lambda: new.cost(FEW), lambda: new.cost(MANY)], rounds)
        yield Figure(f"CPU of a request, {MANY} connections over {FEW}", many / few, 1.3)
        for count in (FEW, SOME):
            spread = median(new.spread(count) for _ in range(rounds))
            yield Figure(f"99th percentile over median, {count} connections", spread, 2.0)
    for number in (signal.SIGTERM, signal.SIGHUP):
        name = f"seconds to the end of the workers after {number.name}, {RESTING} at rest"
        yield Figure(name, _stopping_seconds(number), 3.0)
    yield Figure("lines of code in server/", _lines(ROOT / "server"), 350)


@contextmanager
def _server(folder: Path, application: str | None = None) -> Iterator[Server]:
    port = free_port()
    environ = {"TEXTCLF_PORT": str(port), "TEXTCLF_WORKERS": "1", "TEXTCLF_HOST": "127.0.0.1"}
    command = [interpreter(folder), "-m", "gunicorn"]
    command += [application] if application else []
    environ |= SINGLE_THREADED
    with running(command, port=port, ready="/readyz", env=environ, cwd=folder) as server:
        server.pin(CPUS[:1])
        yield server


def _stopping_seconds(number: signal.Signals) -> float:
    """Seconds from a signal until the workers that there were have ended."""
    with _server(ROOT) as server, ExitStack() as stack:
        workers = _workers(server)
        for _ in range(RESTING):
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
        started = time.monotonic()
        os.kill(server.pid, number)
        while any(Path(f"/proc/{pid}/stat").exists() and not _is_ended(pid) for pid in workers):
            time.sleep(0.01)
        return time.monotonic() - started


def _workers(server: Server) -> list[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
    return list(map(int, children.split()))


def _is_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _lines(folder: Path) -> int:
    """Lines that hold code: no blank ones, comments or docstrings."""
    count = 0
    for path in folder.glob("*.py"):
        inside = False
        for line in map(str.strip, path.read_text().splitlines()):
            quotes = line.count('"""')
            is_text = inside or quotes > 0
            inside ^= quotes == 1
            count += bool(line) and not is_text and not line.startswith("#")
    return count


if __name__ == "__main__":
    main(sys.argv[1:])
