"""The figures of speed in the documents are those of the one run that is kept beside them."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from benchmarks.replicas import replicas
from benchmarks.report import Run
from benchmarks.targets import CONSTANT, PEERS, PREDICTION, PREDICTIONS_BY_WORKERS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def run() -> Run:
    """The run that is published: a copy of reports/benchmark.json."""
    return msgspec.json.decode((ROOT / "docs" / "benchmark.json").read_bytes(), type=Run)


def rows(document: str, *head: str) -> list[list[str]]:
    """The cells of the table with this head, without the bold of any."""
    text = (ROOT / document).read_text().replace("**", "")
    found = text.split(f"| {' | '.join(head)} |\n|{'---|' * len(head)}\n")[1]
    lines = re.match(r"(?:\|.*\n)*", found)
    assert lines
    return [line.strip("| ").split(" | ") for line in lines[0].splitlines()]


def test_peers_in_readme(run: Run) -> None:
    """README shows what a request costs, here and for every peer, the cheapest first."""
    ours = run.served[PREDICTION].cpu_us
    peers = sorted((run.served[peer.name].cpu_us, peer.name) for peer in PEERS)
    expected = [["this one", f"{ours / 1e3:.2f} ms", "1"]]
    for cost, name in peers:
        expected.append([name.removeprefix("peer: "), f"{cost / 1e3:.2f} ms", f"{cost / ours:.1f}"])
    assert rows("README.md", "service", "CPU of a request", "times ours") == expected


def test_ratios_in_decisions(run: Run) -> None:
    """The decisions show every ratio with its aim, whether it was met or not."""
    expected = [
        [reach.name, f"{reach.value:.2f}", f"{'≥' if reach.at_least else '≤'} {reach.limit:.3g}"]
        for reach in run.reaches
    ]
    assert rows("docs/decisions.md", "ratio", "measured", "aim") == expected
    tail = f"had a p99 of {run.half_load[CONSTANT].ratio:.1f} times its p50"
    assert tail in " ".join((ROOT / "docs" / "decisions.md").read_text().split())


def test_costs_in_scaling(run: Run) -> None:
    """The scaling is reckoned from the requests that this run made per core-second."""
    expected = [
        [str(workers), f"{1e6 / run.served[target.name].cpu_us:.0f}"]
        for workers, target in PREDICTIONS_BY_WORKERS.items()
    ]
    assert rows("docs/scaling.md", "workers", "requests per core-second") == expected
    expected = [
        [str(count), f"{1e6 / run.served[replicas(count).name].cpu_us:.0f}"] for count in (1, 2, 4)
    ]
    assert rows("docs/scaling.md", "replicas", "requests per core-second") == expected
    law = run.scalability
    fitted = f"r = {law.rate:.0f}, c = {law.contention:.4f} and k = {law.coherency:.4f}"
    assert fitted in " ".join((ROOT / "docs" / "scaling.md").read_text().split())
