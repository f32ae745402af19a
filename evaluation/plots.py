"""The report's pictures, as SVG.

The only module here that imports matplotlib.
Series differ by marker and line as well as by colour. The same figures give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from itertools import cycle
from typing import Any, ParamSpec

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, NullLocator
from numpy.typing import NDArray

from evaluation.figures import Interval, LearningCurve, ViewFigures
from evaluation.plot_style import BLUE, GREEN, INK, METADATA, PURPLE, RC, VERMILLION

Views = Mapping[str, ViewFigures]
Ints = NDArray[np.int64]
P = ParamSpec("P")

SHADES = LinearSegmentedColormap.from_list("shades", ["white", BLUE, "#002A44"])
STYLES: list[dict[str, Any]] = [
    {"color": BLUE, "marker": "o", "linestyle": "-"},
    {"color": VERMILLION, "marker": "s", "linestyle": "--"},
    {"color": GREEN, "marker": "^", "linestyle": "-."},
    {"color": PURPLE, "marker": "D", "linestyle": ":"},
]
STYLE: dict[Any, Any] = RC | {
    "axes.labelpad": 8,
    "figure.constrained_layout.wspace": 0.06,
    "lines.markersize": 5,
}
MAX_NUMBERED = 20
"""Labels up to which the cells of a confusion matrix have room for their numbers."""
MAX_ABREAST = 8
"""Labels up to which the views' confusion matrices have room side by side."""


def _drawing(draw: Callable[P, Figure]) -> Callable[P, str]:
    """Run a function that draws a figure in the report's style, and return the figure as SVG."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> str:
        with mpl.rc_context(STYLE):
            buffer = io.StringIO()
            draw(*args, **kwargs).savefig(
                buffer,
                format="svg",
                bbox_inches="tight",
                metadata=METADATA["svg"],
            )
        return buffer.getvalue()

    return drawn


@_drawing
def headline(views: Views) -> Figure:
    """Accuracy of the model, with its interval, and of the challenge's, a row per view."""
    figure, axes = _axes(7.5, 0.9 + 0.5 * len(views))
    rows = np.arange(len(views))[::-1]
    scores = [view.accuracy for view in views.values()]
    spans = _errors(scores, [view.intervals.accuracy for view in views.values()])
    challenge = [view.baselines.challenge.accuracy for view in views.values()]
    axes.errorbar(scores, rows, xerr=spans, fmt="o", color=BLUE, capsize=4, label="model")
    axes.plot(challenge, rows - 0.2, "D", color=VERMILLION, mfc="none", label="challenge baseline")
    axes.set_yticks(rows, list(views))
    axes.set_ylim(-0.6, len(views) - 0.4)
    axes.xaxis.set_major_formatter(_percent)
    axes.set_xlabel("accuracy, with 95 % interval")
    figure.legend(loc="outside upper center", ncols=2)
    return figure


@_drawing
def confusions(views: Views) -> Figure:
    """Confusion matrices: the numbers are texts, the shade is the share of the row's texts."""
    labels = list(next(iter(views.values())).per_label)
    side = 0.9 + 0.4 * min(len(labels), 30)
    grid = (1, len(views)) if len(labels) <= MAX_ABREAST else (len(views), 1)
    figure = Figure(figsize=(1 + side * grid[1], 1 + side * grid[0]), layout="constrained")
    panels = figure.subplots(*grid, sharex=True, sharey=True, squeeze=False).flat
    for axes, (name, view) in zip(panels, views.items(), strict=True):
        axes.set_title(name, fontsize=10)
        _draw_confusion(axes, np.array(view.confusion))
        axes.set_xticks(range(len(labels)), labels, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(len(labels)), labels)
    figure.supxlabel("predicted label", fontsize=10)
    figure.supylabel("true label", fontsize=10)
    return figure


def _draw_confusion(axes: Axes, counts: Ints) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # Under the root the few mistakes show, which beside the diagonal would all look white.
    axes.imshow(shares, cmap=SHADES, norm=PowerNorm(0.5, 0, 1))
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if len(counts) <= MAX_NUMBERED:
        for row, column in np.argwhere(counts):
            color = "white" if shares[row, column] > 0.12 else "black"
            axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=color)


@_drawing
def reliability(views: Views) -> Figure:
    """Accuracy against stated confidence in bins of equal number, a panel per view."""
    figure = Figure(figsize=(max(3.6, 3.1 * len(views)), 3.5), layout="constrained")
    panels = figure.subplots(1, len(views), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (name, style) in zip(panels, _styled(views), strict=True):
        view = views[name]
        confidences = [bin.confidence for bin in view.reliability]
        accuracies = [bin.accuracy for bin in view.reliability]
        spans = _errors(accuracies, [bin.interval for bin in view.reliability])
        axes.plot([0, 1], [0, 1], color=INK, linewidth=1, linestyle=(0, (4, 4)))
        axes.errorbar(
            confidences,
            accuracies,
            yerr=spans,
            color=style["color"],
            marker=style["marker"],
            linestyle="none",
            elinewidth=1,
        )
        axes.set_title(f"{name}: ECE {view.ece:.3f}", fontsize=10)
        axes.set_xlim(0, 1.02)
        axes.set_ylim(0, 1.02)
        axes.set_aspect("equal")
        axes.set_xticks([0, 0.5, 1])
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.xaxis.set_major_formatter(_percent)
        axes.yaxis.set_major_formatter(_percent)
    figure.supxlabel("stated confidence", fontsize=10)
    figure.supylabel("accuracy", fontsize=10)
    return figure


@_drawing
def risk_coverage(views: Views) -> Figure:
    """Accuracy of the answers when the least confident share of the texts is refused."""
    figure, axes = _axes(7, 3.6)
    for name, style in _styled(views):
        refused = [1 - point.coverage for point in views[name].risk_coverage]
        accuracies = [point.accuracy for point in views[name].risk_coverage]
        axes.plot(refused, accuracies, **style, markevery=0.1, label=name)
    axes.set_xlim(0, 1)
    axes.set_xlabel("least confident texts refused")
    axes.set_ylabel("accuracy of the answers")
    axes.xaxis.set_major_formatter(_percent)
    axes.yaxis.set_major_formatter(_percent)
    axes.legend(title="view", loc="lower right")
    return figure


@_drawing
def learning_curve(curve: LearningCurve) -> Figure:
    """Macro-F1 on the test set against the number of training texts, on a doubling scale."""
    figure, axes = _axes(7, 3.6)
    examples = [point.examples for point in curve.points]
    for name, style in _styled(curve.points[0].views):
        scores = [point.views[name].macro_f1 for point in curve.points]
        axes.plot(examples, scores, **style, label=name)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(examples))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
    axes.set_xlabel("training texts")
    axes.set_ylabel("macro-F1")
    axes.yaxis.set_major_formatter(_percent)
    axes.legend(title="view", loc="lower right")
    return figure


@_drawing
def by_length(views: Views) -> Figure:
    """Accuracy against the median length of each bin of lengths, with 95 % intervals."""
    figure, axes = _axes(7, 3.6)
    for name, style in _styled(views):
        bins = views[name].by_length
        lengths = [max(bin.median, 1) for bin in bins]
        accuracies = [bin.accuracy for bin in bins]
        spans = _errors(accuracies, [bin.interval for bin in bins])
        axes.errorbar(lengths, accuracies, yerr=spans, **style, capsize=3, elinewidth=1, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("characters (median of the bin)")
    axes.set_ylabel("accuracy")
    axes.yaxis.set_major_formatter(_percent)
    axes.legend(title="view", loc="lower right")
    return figure


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _styled(names: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each name its style; the styles recur when there are more names than styles."""
    return zip(names, cycle(STYLES), strict=False)


def _errors(centres: Sequence[float], intervals: Sequence[Interval]) -> list[list[float]]:
    """Lengths of error bars below and above; rounding may leave a centre just outside its bar."""
    pairs = list(zip(centres, intervals, strict=True))
    return [
        [max(centre - low, 0.0) for centre, (low, _) in pairs],
        [max(high - centre, 0.0) for centre, (_, high) in pairs],
    ]


def _percent(share: float, _: float) -> str:
    """Write a tick's share as a percentage, with a decimal only where the tick has one."""
    return f"{round(100 * share, 1):g} %"
