"""Plots of a run: throughput against workers, latency against offered load."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.report import Run


def draw(run: Run, capacities: Mapping[int, float], directory: Path) -> None:
    """Write throughput.png and latency.png into a folder."""
    _throughput(run, capacities).savefig(directory / "throughput.png")
    _latency(run).savefig(directory / "latency.png")


def _throughput(run: Run, capacities: Mapping[int, float]) -> Figure:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    workers = np.linspace(1, 2 * max(capacities), 100)
    axes.plot(workers, run.scalability.rate * workers, ":", color="grey", label="linear")
    axes.plot(workers, [run.scalability(n) for n in workers], label="Universal Scalability Law")
    axes.plot(*zip(*capacities.items(), strict=True), "o", label="measured, a core for each worker")
    axes.set(
        xlabel="workers",
        ylabel="requests a second",
        title="Throughput against workers",
        xlim=(0, None),
        ylim=(0, None),
    )
    axes.legend()
    return figure


def _latency(run: Run) -> Figure:
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    rates = [one.rate for one in run.latencies]
    axes.plot(rates, [one.p50_us / 1e3 for one in run.latencies], "o-", label="p50")
    axes.plot(rates, [one.p99_us / 1e3 for one in run.latencies], "o-", label="p99")
    axes.set(
        xlabel="offered requests a second, 1 worker",
        ylabel="milliseconds",
        yscale="log",
        title="Latency against offered load",
    )
    axes.legend()
    return figure
