"""`make benchmark`: python -m benchmarks [--settings] [--rounds N] [--seconds S] [--data-dir DIR].

Ends with status 1 at any error of any server; a reach that is missed is said, and is no error: it
depends on the machine.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.targets import (
    CONSTANT,
    PREDICTION,
    PREDICTIONS_BY_WORKERS,
    SERVICE,
    SETTINGS,
    SINGLE_THREADED,
    Target,
    installed_peers,
)

# As for the servers, and before NumPy is imported.
os.environ |= SINGLE_THREADED

from benchmarks import bulk, posts, report
from benchmarks.inprocess import STOCK, InProcess
from benchmarks.load import LoadError
from benchmarks.measure import (
    CPUS,
    Latency,
    Measured,
    Posts,
    half_load,
    latency,
    measure,
    started,
    typical,
)
from benchmarks.plots import draw
from benchmarks.reaches import reaches
from benchmarks.replicas import REPLICAS
from benchmarks.scalability import fit
from benchmarks.server import ROOT, ServerError, machine_seconds
from model.errors import UserError

SHARES = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9)
"""Offered loads, as parts of what one worker can take."""


def main(arguments: Sequence[str]) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--settings", action="store_true", help="compare gunicorn's settings")
    parser.add_argument(
        "--rounds", type=int, default=5, help="repetitions, of which the medians count"
    )
    parser.add_argument("--seconds", type=int, default=2, help="full load on a server in a round")
    parser.add_argument("--data-dir", type=Path, default=Path(os.environ.get("DATA_DIR", "data")))
    parser.add_argument("--reports", type=Path, default=ROOT / "reports")
    given = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            bench = Bench(given.data_dir, Path(scratch), given.rounds, given.seconds)
            if given.settings:
                bench.compare(SETTINGS)
            else:
                bench.run(given.reports)
    except (UserError, ServerError, LoadError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


class Bench:
    """One run: the same posts for everything, and everything in turns."""

    def __init__(self, data_dir: Path, scratch: Path, rounds: int, seconds: int) -> None:
        self._rounds, self._seconds = rounds, seconds
        texts = posts.sample(data_dir)
        self._inprocess = InProcess(ROOT / "model" / "trained", texts)
        self._posts = Posts(texts, self._inprocess.labels, scratch)
        self._data_dir, self._scratch = data_dir, scratch

    def compare(self, targets: Sequence[Target]) -> None:
        """Print what the same requests take of these servers."""
        inprocess, served = self._in_turns(targets)
        workers = {target.name: target.workers for target in targets}
        print("\n".join(report.table(inprocess, served, workers, inprocess[STOCK])))

    def run(self, reports: Path) -> None:
        """Measure everything; print the tables and write them, with plots, into a folder."""
        (busy, stolen), began = machine_seconds(), time.monotonic()
        targets = [*SERVICE, *REPLICAS.values(), *installed_peers()]
        inprocess, served = self._in_turns(targets)
        halves, latencies = self._latencies(served[PREDICTION].rate)
        print("files", file=sys.stderr)
        labelled, alone_us = bulk.measure_all(
            bulk.Files(self._data_dir, self._scratch, bulk.POSTS), self._data_dir
        )
        capacities = {n: n * 1e6 / served[t.name].cpu_us for n, t in PREDICTIONS_BY_WORKERS.items()}
        (busy_then, stolen_then), took = machine_seconds(), time.monotonic() - began
        run = report.Run(
            rounds=self._rounds,
            seconds=self._seconds,
            others_cpus=(busy_then - busy - _own_seconds()) / took,
            stolen_cpus=(stolen_then - stolen) / took,
            reaches=[
                *reaches(inprocess, served, halves[PREDICTION].ratio),
                *bulk.reaches(labelled, alone_us),
            ],
            inprocess_us=inprocess,
            served=served,
            workers={target.name: target.workers for target in targets},
            half_load=halves,
            latencies=latencies,
            scalability=fit(capacities),
        )
        reports.mkdir(parents=True, exist_ok=True)
        (reports / "benchmark.json").write_bytes(report.as_json(run))
        draw(run, capacities, reports)
        print("\n".join([report.as_text(run), *bulk.as_text(labelled)]))

    def _in_turns(self, targets: Sequence[Target]) -> tuple[dict[str, float], dict[str, Measured]]:
        """Measure everything for a moment in each round, so that a busy minute meets all alike."""
        inprocess, served = [], {target.name: list[Measured]() for target in targets}
        with ExitStack() as running:
            servers = []
            for target in targets:
                print(f"starting {target.name}", file=sys.stderr)
                servers.append((target, running.enter_context(started(target, self._posts))))
            for number in range(self._rounds):
                print(f"round {number + 1} of {self._rounds}", file=sys.stderr)
                # Where servers of one worker are.
                os.sched_setaffinity(0, CPUS[:1])
                inprocess.append(self._inprocess.round())
                os.sched_setaffinity(0, CPUS)
                # In another order each time: none is always the one after the same neighbour.
                for target, server in random.Random(number).sample(servers, len(servers)):
                    found = measure(server, target, self._posts, self._seconds)
                    served[target.name].append(found)
        return (
            {name: median(one[name] for one in inprocess) for name in inprocess[0]},
            {name: typical(rounds) for name, rounds in served.items()},
        )

    def _latencies(self, capacity: float) -> tuple[dict[str, Latency], list[Latency]]:
        """Answer times: at half load, by target, beside those of nothing; and at all loads."""
        halves: dict[str, list[Latency]] = {PREDICTION: [], CONSTANT: []}
        at_shares: list[list[Latency]] = [[] for _ in SHARES]
        targets = {target.name: target for target in SERVICE if target.name in halves}
        with ExitStack() as running:
            servers = {
                name: running.enter_context(started(target, self._posts))
                for name, target in targets.items()
            }
            os.sched_setaffinity(0, CPUS[-1:])
            for number in range(self._rounds):
                print(f"fixed rates {number + 1} of {self._rounds}", file=sys.stderr)
                for name, target in targets.items():
                    found = half_load(servers[name], target, self._posts, self._seconds)
                    halves[name].append(found)
                for share, rounds in zip(SHARES, at_shares, strict=True):
                    rate, bodies = share * capacity, self._posts.bodies
                    rounds.append(latency(servers[PREDICTION], bodies, rate, self._seconds))
            os.sched_setaffinity(0, CPUS)
        by_target = {name: typical(rounds) for name, rounds in halves.items()}
        return by_target, [typical(rounds) for rounds in at_shares]


def _own_seconds() -> float:
    """Processor time of the benchmark and of all servers and generators that it has ended."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
