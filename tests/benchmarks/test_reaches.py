"""Ratios, the medians of several rounds, and the scalability law."""

from __future__ import annotations

import msgspec
import pytest

from benchmarks import inprocess, targets
from benchmarks.load import Load
from benchmarks.measure import Measured, summarise, typical
from benchmarks.reaches import Reach, reaches
from benchmarks.report import reach_line
from benchmarks.scalability import Scalability, fit

ONE = Measured(
    rate=100.0,
    cpu_us=200.0,
    generator_us=10.0,
    free_rate=100.0,
    p50_us=1.0,
    p99_us=2.0,
    pss_mb=100.0,
    start_seconds=1.0,
)
INPROCESS = {
    inprocess.STOCK: 800.0,
    inprocess.COMPILED: 80.0,
    inprocess.STOCK_BATCH: 150.0,
    inprocess.COMPILED_BATCH: 50.0,
}


def replaced(**changes: float) -> Measured:
    """Figures that differ from the usual ones in some."""
    return msgspec.structs.replace(ONE, **changes)


def test_ratios_of_a_run() -> None:
    """Each ratio is made of the figures that its name says."""
    served = {
        targets.CONSTANT: replaced(rate=125.0),
        targets.BATCHES: replaced(cpu_us=62.5),
        **{target.name: ONE for target in targets.PREDICTIONS_BY_WORKERS.values()},
    }
    served["/prediction, 2 workers"] = replaced(free_rate=195.0, cpu_us=210.0)
    served["/prediction, 4 workers"] = replaced(pss_mb=145.0)
    found = [round(reach.value, 3) for reach in reaches(INPROCESS, served, 2.5)]
    assert found == [0.25, 10.0, 3.0, 0.8, 0.8, 2.5, 1.05, 1.95, 15.0]


@pytest.mark.parametrize(
    ("value", "at_least", "met"), [(2.0, False, True), (2.1, False, False), (1.9, True, False)]
)
def test_missed_is_said(value: float, at_least: bool, met: bool) -> None:
    """A ratio beyond its limit is marked as missed, one at its limit is not."""
    reach = Reach("ratio", value, 2.0, at_least)
    assert reach.met is met
    assert reach_line(reach).endswith("met" if met else "MISSED")


def test_median_of_rounds() -> None:
    """Each figure is the median of its own, so that no single round decides."""
    rounds = [replaced(rate=90.0, cpu_us=150.0), ONE, replaced(rate=110.0, cpu_us=180.0)]
    found = typical(rounds)
    assert (found.rate, found.cpu_us, found.free_rate) == (100.0, 180.0, 100.0)


def test_batches_are_reckoned_by_the_text() -> None:
    """A request of a batch counts as its 64 texts."""
    load = Load(10, 2.0, 0, p50_us=1, p99_us=2, generator_seconds=0.64)
    found = summarise(targets.ours("", path="/predictions"), load, 0.64, 10.0, 1.0)
    assert (found.rate, found.cpu_us, found.generator_us) == (320, 1000, 1000)


def test_generators_time_is_apart_where_it_shares_the_cpus() -> None:
    """Only the rate of several workers, among which the generator runs, is freed of its time."""
    load = Load(100, 2.0, 0, p50_us=1, p99_us=2, generator_seconds=0.5)
    alone, shared = (
        summarise(targets.ours("", workers=workers), load, 1.0, 10.0, 1.0) for workers in (1, 2)
    )
    assert alone.free_rate == alone.rate == shared.rate == 50
    assert shared.free_rate > 50


@pytest.mark.parametrize("law", [Scalability(1000, 0.02, 0.001), Scalability(500, 0.0, 0.0)])
def test_scalability_law_is_found_again(law: Scalability) -> None:
    """From points on a curve, the curve's parameters are found."""
    found = fit({n: law(n) for n in (1, 2, 4)})
    assert found.rate == pytest.approx(law.rate)
    assert found.contention == pytest.approx(law.contention, abs=1e-9)
    assert found.coherency == pytest.approx(law.coherency, abs=1e-9)


def test_parameters_are_never_negative() -> None:
    """Points above a straight line, which noise makes, give no negative contention."""
    found = fit({1: 100.0, 2: 220.0, 4: 430.0})
    assert found.contention >= 0
    assert found.coherency >= 0
