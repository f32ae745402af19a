"""What the service is to reach, as ratios of figures of one run.

Processor time is compared wherever a reach is about cost: it says the same on a busy machine, where
a rate would not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from benchmarks.inprocess import COMPILED, COMPILED_BATCH, STOCK, STOCK_BATCH
from benchmarks.measure import Measured
from benchmarks.replicas import REPLICAS
from benchmarks.targets import (
    BATCHES,
    CONSTANT,
    NAIVE,
    PREDICTION,
    PREDICTIONS_BY_WORKERS,
    installed_peers,
)


class Reach(msgspec.Struct, frozen=True):
    """A ratio, and at most or at least what it is to be."""

    name: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the ratio is within its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def reaches(
    inprocess: Mapping[str, float], served: Mapping[str, Measured], tail: float
) -> list[Reach]:
    """Return all ratios of a run; those of the peers only where these were measured."""
    one = served[PREDICTION]
    return [
        Reach("CPU: /prediction / in-process stock predict", one.cpu_us / inprocess[STOCK], 0.5),
        Reach(
            "in-process: stock / compiled, one text",
            inprocess[STOCK] / inprocess[COMPILED],
            8,
            True,
        ),
        Reach(
            "in-process: stock / compiled, batch of 64",
            inprocess[STOCK_BATCH] / inprocess[COMPILED_BATCH],
            2,
            True,
        ),
        Reach("req/s: /prediction / constant view", one.rate / served[CONSTANT].rate, 0.7, True),
        Reach(
            "texts a CPU-second: /predictions / in-process batch",
            inprocess[COMPILED_BATCH] / served[BATCHES].cpu_us,
            0.9,
            True,
        ),
        Reach("half load of usual posts: p99 / p50", tail, 3),
        *_of_workers({n: served[t.name] for n, t in PREDICTIONS_BY_WORKERS.items()}),
        *_of_replicas([served[t.name] for t in REPLICAS.values() if t.name in served]),
        *_of_peers(served),
    ]


def _of_workers(by_workers: Mapping[int, Measured]) -> list[Reach]:
    costs = [one.cpu_us for one in by_workers.values()]
    return [
        Reach("CPU a request, 1, 2, 4 workers: most / least", max(costs) / min(costs), 1.05),
        Reach(
            "req/s: 2 workers / 1, generator's time apart",
            by_workers[2].free_rate / by_workers[1].free_rate,
            1.9,
            True,
        ),
        Reach("MB for each further worker", (by_workers[4].pss_mb - by_workers[1].pss_mb) / 3, 20),
    ]


def _of_replicas(found: Sequence[Measured]) -> list[Reach]:
    costs = [one.cpu_us for one in found]
    name = "CPU a request, 1, 2, 4 replicas: most / least"
    return [Reach(name, max(costs) / min(costs), 1.05)] if costs else []


def _of_peers(served: Mapping[str, Measured]) -> list[Reach]:
    costs = {t.name: served[t.name].cpu_us for t in installed_peers() if t.name in served}
    if not costs:
        return []
    ours, cheapest = served[PREDICTION].cpu_us, min(costs, key=lambda name: costs[name])
    return [
        Reach(f"CPU: ours / cheapest peer ({cheapest})", ours / costs[cheapest], 1 / 1.9),
        Reach("CPU: ours / naive Flask service", ours / costs[NAIVE], 1 / 3),
    ]
