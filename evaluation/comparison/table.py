"""The comparison as Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from evaluation.comparison.figures import (
    Accuracy,
    CandidateFigures,
    Comparison,
    Neighbour,
    PerView,
)

UNMEASURED = "—"
INTRODUCTION = """\
# Choosing the model

Cross-validation on the training data alone: {examples} texts in {threads} threads, {folds} folds.
Accuracies are of thread-grouped folds unless they say otherwise: shuffled folds put posts of one
thread on both sides and flatter every candidate. "Mean" is the mean of the views, ± its standard
deviation over assignments of threads to folds; † marks a single assignment.
"""
CANDIDATES = """
## Candidates

The served one is **bold**; ◆ marks the Pareto front of mean accuracy against the cost of a
prediction (compiled where it can be), costs within 10 % counting as equal. "Shuffled" is the
accuracy in shuffled folds. Fit and size are of all training texts; µs are CPU time of one
prediction of a text of about {timed_characters} characters. Compiling takes a tf-idf of unit length
and an estimator with weights; scikit-learn's naive Bayes has none to take, though it is linear too.

![Accuracy against the cost of a prediction](comparison.svg)
"""
NEIGHBOURS = """
## Neighbours of the served configuration

One thing changed each. The difference is paired, on the same folds, ± one standard error with the
threads as clusters: less than two errors is not distinguished from noise.
"""
GAPS = """
## How far the folds can be trusted

Disjoint folds also leave out of training every post by an author of the held-out posts.
"""
CALIBRATION = """
## Calibration of the served model

Expected calibration error out of fold, at the temperature {temperature:.3f} that training fits on
the disjoint folds.
"""


def markdown(comparison: Comparison) -> str:
    """Return the whole comparison as Markdown."""
    data = comparison.data
    return "".join(
        [
            INTRODUCTION.format(examples=data.examples, threads=data.threads, folds=data.folds),
            CANDIDATES.format(timed_characters=data.timed_characters),
            _candidates(comparison),
            NEIGHBOURS,
            _neighbours(comparison),
            GAPS,
            _gaps(comparison),
            CALIBRATION.format(temperature=comparison.calibration.temperature),
            _calibration(comparison),
        ]
    )


def _candidates(comparison: Comparison) -> str:
    views = comparison.data.views
    heads = ["candidate", *views, "mean", "macro-F1", *(f"shuffled {view}" for view in views)]
    heads += ["fit CPU s", "size kB", "µs stock", "µs compiled", "why"]
    chosen = comparison.chosen
    return _table(heads, (_candidate(one, views, chosen) for one in comparison.candidates))


def _candidate(one: CandidateFigures, views: Sequence[str], chosen: str) -> list[str]:
    name = f"**{one.name}**" if one.name == chosen else one.name
    compiled = one.cost.compiled_microseconds
    return [
        name + (" ◆" if one.pareto else ""),
        *_shares(one.accuracy.views, views),
        _mean(one.accuracy),
        _share(sum(one.grouped.values()) / len(one.grouped)),
        *_shares(one.shuffled_accuracy, views),
        f"{one.cost.fit_cpu_seconds:.1f}",
        f"{one.cost.artifact_bytes / 1000:.0f}",
        f"{one.cost.predict_microseconds:.0f}",
        UNMEASURED if compiled is None else f"{compiled:.0f}",
        one.reason,
    ]


def _neighbours(comparison: Comparison) -> str:
    views = comparison.data.views
    heads = ["changed", *views, "mean", "difference", "what"]
    served = next(one for one in comparison.candidates if one.name == comparison.chosen)
    unchanged = ["**nothing**", *_shares(served.accuracy.views, views), _mean(served.accuracy)]
    rows = [_neighbour(one, views) for one in comparison.neighbours]
    return _table(heads, [[*unchanged, "", "the served configuration"], *rows])


def _neighbour(one: Neighbour, views: Sequence[str]) -> list[str]:
    difference = f"{one.difference:+.4f} ± {one.standard_error:.4f}"
    shares = _shares(one.accuracy.views, views)
    return [one.name, *shares, _mean(one.accuracy), difference, one.reason]


def _gaps(comparison: Comparison) -> str:
    views = comparison.data.views
    rows = [
        [name, kind, *_shares(accuracy, views), _share(sum(accuracy.values()) / len(accuracy))]
        for name, kinds in comparison.gaps.items()
        for kind, accuracy in kinds.items()
    ]
    return _table(["candidate", "folds", *views, "mean"], rows)


def _calibration(comparison: Comparison) -> str:
    views, figures = comparison.data.views, comparison.calibration
    rows = [
        ["grouped", *_shares(figures.grouped, views)],
        ["disjoint", *_shares(figures.disjoint, views)],
    ]
    return _table(["folds", *views], rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n" + "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _mean(accuracy: Accuracy) -> str:
    if accuracy.spread is None:
        return f"{_share(accuracy.mean)} †"
    return f"{_share(accuracy.mean)} ± {accuracy.spread:.4f}"


def _shares(figures: PerView, views: Sequence[str]) -> list[str]:
    return [_share(figures[view]) if view in figures else UNMEASURED for view in views]


def _share(figure: float) -> str:
    return f"{figure:.4f}"
