"""A run as text for the terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from benchmarks.measure import Latency, Measured
from benchmarks.reaches import Reach
from benchmarks.scalability import Scalability
from benchmarks.targets import PREDICTION

COLUMNS = [
    "req/s",
    "CPU-us",
    "x stock",
    "wrk-us",
    "nginx-us",
    "p50 ms",
    "p99 ms",
    "PSS MB/w",
    "start s",
    "err",
]


class Run(msgspec.Struct, frozen=True):
    """All that one run measured."""

    rounds: int
    seconds: int
    others_cpus: float
    """CPUs that processes besides the servers, the load and the benchmark kept busy meanwhile."""
    stolen_cpus: float
    """CPUs that the machine's host kept from it while it had work for them."""
    reaches: list[Reach]
    inprocess_us: dict[str, float]
    served: dict[str, Measured]
    workers: dict[str, int]
    half_load: dict[str, Latency]
    """By target, with posts of usual length alone."""
    latencies: list[Latency]
    scalability: Scalability


def as_json(run: Run) -> bytes:
    """Return the run, with whether each reach was met, as indented JSON."""
    found = msgspec.to_builtins(run)
    for shown, reach in zip(found["reaches"], run.reaches, strict=True):
        shown["met"] = reach.met
    return msgspec.json.format(msgspec.json.encode(found)) + b"\n"


def as_text(run: Run) -> str:
    """Return the run's tables: ratios first."""
    stock = next(iter(run.inprocess_us.values()))
    lines = ["ratio                                                     is     reach"]
    lines += [reach_line(reach) for reach in run.reaches]
    lines += ["", *table(run.inprocess_us, run.served, run.workers, stock), ""]
    lines += [f"{'at a fixed rate':<52}{'req/s':>8}{'p50 ms':>9}{'p99 ms':>9}"]
    fixed = [(PREDICTION, one) for one in run.latencies]
    fixed += [(f"{name}, posts of usual length", one) for name, one in run.half_load.items()]
    lines += [
        f"{name:<52}{one.rate:8.0f}{one.p50_us / 1e3:9.2f}{one.p99_us / 1e3:9.2f}"
        for name, one in fixed
    ]
    law = run.scalability
    lines += [
        "",
        f"Universal Scalability Law: {law.rate:.0f} req/s a core, contention"
        f" {law.contention:.4f}, coherency {law.coherency:.5f}",
        f"Medians of {run.rounds} rounds of {run.seconds} s; meanwhile other processes kept"
        f" {run.others_cpus:.2f} CPUs busy, and other machines of the host {run.stolen_cpus:.2f}.",
    ]
    return "\n".join(lines)


def reach_line(reach: Reach) -> str:
    """One ratio, its reach and whether it was met."""
    sign = ">=" if reach.at_least else "<="
    return (
        f"{reach.name:<52}{reach.value:8.2f}  {sign} {reach.limit:<5.3g}"
        f" {'met' if reach.met else 'MISSED'}"
    )


def table(
    inprocess_us: Mapping[str, float],
    served: Mapping[str, Measured],
    workers: Mapping[str, int],
    stock: float,
) -> list[str]:
    """A row for everything measured; of batches, rate and cost are of one text."""
    lines = [f"{'':<38}" + "".join(f"{name:>9}" for name in COLUMNS)]
    for name, cost in inprocess_us.items():
        lines.append(
            f"{name:<38}" + _cells([f"{1e6 / cost:.0f}", f"{cost:.0f}", f"{cost / stock:.2f}"])
        )
    for name, one in served.items():
        cells = [f"{one.rate:.0f}", f"{one.cpu_us:.0f}", f"{one.cpu_us / stock:.2f}"]
        cells += [f"{one.generator_us:.0f}", f"{one.proxy_us:.0f}" if one.proxy_us else "-"]
        cells += [f"{one.p50_us / 1e3:.2f}", f"{one.p99_us / 1e3:.2f}"]
        cells += [f"{one.pss_mb / workers[name]:.0f}", f"{one.start_seconds:.1f}", f"{one.errors}"]
        lines.append(f"{name:<38}" + _cells(cells))
    return lines


def _cells(cells: Sequence[str]) -> str:
    return "".join(f"{cell:>9}" for cell in cells)
