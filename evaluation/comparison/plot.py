"""The comparison as a plot: accuracy of the mean view against the cost of a prediction.

The only module here that imports matplotlib.
Kinds differ by marker as well as by colour.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, PercentFormatter
from sklearn.isotonic import isotonic_regression

from evaluation.comparison.figures import CandidateFigures, Comparison
from evaluation.plot_style import BLUE, GREY, INK, METADATA, RC, VERMILLION

DPI = 200
LINE = 0.04
"""Least distance of two names, as a share of the axis."""
NAME_OFFSET = 1.5
"""How far right of a point its name begins, as a factor of its cost."""


def draw(comparison: Comparison, form: str) -> bytes:
    """Return the plot as a file of the form "svg" or "png"; equal figures give equal bytes."""
    with mpl.rc_context(RC | {"axes.axisbelow": True}):
        figure = Figure(figsize=(8.5, 5.5), layout="constrained")
        axes = figure.subplots()
        _front(axes, [one for one in comparison.candidates if one.pareto])
        for one in comparison.candidates:
            _point(axes, one, one.name == comparison.chosen)
        _scales(axes, comparison.candidates)
        _names(axes, comparison.candidates, comparison.chosen)
        figure.legend(loc="outside upper center", ncols=3)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, dpi=DPI, metadata=METADATA[form])
    return buffer.getvalue()


def _front(axes: Axes, front: Sequence[CandidateFigures]) -> None:
    ordered = sorted(front, key=lambda one: one.cost.microseconds)
    axes.plot(
        [one.cost.microseconds for one in ordered],
        [one.accuracy.mean for one in ordered],
        color=VERMILLION,
        linestyle="--",
        marker="o",
        markersize=14,
        markerfacecolor="none",
        label="Pareto front",
    )


def _point(axes: Axes, one: CandidateFigures, served: bool) -> None:
    compiled = one.cost.compiled_microseconds is not None
    axes.errorbar(
        one.cost.microseconds,
        one.accuracy.mean,
        yerr=one.accuracy.spread,
        color=BLUE if compiled else GREY,
        marker="*" if served else "o" if compiled else "s",
        markersize=13 if served else 6,
        markerfacecolor=(BLUE if compiled else "white"),
        capsize=3,
    )


def _scales(axes: Axes, candidates: Sequence[CandidateFigures]) -> None:
    costs = [one.cost.microseconds for one in candidates]
    axes.set_xscale("log")
    axes.set_xlim(min(costs) / 1.5, max(costs) * 4)
    axes.margins(y=0.1)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_xlabel("CPU time of one prediction, µs (logarithmic)")
    axes.set_ylabel("Accuracy, mean of the views (thread-grouped folds)")
    axes.plot([], [], color=BLUE, marker="o", linestyle="", label="compiled")
    axes.plot(
        [],
        [],
        color=GREY,
        marker="s",
        markerfacecolor="white",
        linestyle="",
        label="as scikit-learn predicts",
    )


def _names(axes: Axes, candidates: Sequence[CandidateFigures], chosen: str) -> None:
    """Name each point to its right, with a line to it where close names had to be set apart."""
    low, high = axes.get_ylim()
    for cluster in _clusters(candidates):
        places = _set_apart([one.accuracy.mean for one in cluster], (high - low) * LINE)
        right = max(one.cost.microseconds for one in cluster) * NAME_OFFSET
        for one, place in zip(cluster, places, strict=True):
            served = one.name == chosen
            axes.annotate(
                f"{one.name} (served)" if served else one.name,
                (one.cost.microseconds, one.accuracy.mean),
                (right, place),
                va="center",
                fontweight="bold" if served else "normal",
                color=INK,
                arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkB": 8},
            )


def _clusters(candidates: Sequence[CandidateFigures]) -> list[list[CandidateFigures]]:
    """Candidates of about one cost together, each cluster ordered by accuracy."""
    clusters: list[list[CandidateFigures]] = []
    for one in sorted(candidates, key=lambda one: one.cost.microseconds):
        if clusters and one.cost.microseconds < clusters[-1][-1].cost.microseconds * NAME_OFFSET:
            clusters[-1].append(one)
        else:
            clusters.append([one])
    return [sorted(cluster, key=lambda one: one.accuracy.mean) for cluster in clusters]


def _set_apart(heights: Sequence[float], least: float) -> list[float]:
    """The places nearest to the ascending heights, by least squares, that are `least` apart."""
    steps = least * np.arange(len(heights))
    places: list[float] = (isotonic_regression(np.asarray(heights) - steps) + steps).tolist()
    return places
