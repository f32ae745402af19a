"""The comparison behind the choice of the model: candidates, cross-validated on training data.

`compare` measures, `write` writes comparison.json, comparison.md and the plot. Every figure but the
times is the same at every run.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from evaluation.comparison import plot
from evaluation.comparison.candidates import BASELINE, CANDIDATES, NEIGHBOURS, SERVED, Candidate
from evaluation.comparison.costs import Cost, median_texts
from evaluation.comparison.figures import (
    Accuracy,
    CandidateFigures,
    Comparison,
    Data,
    Neighbour,
    PerView,
)
from evaluation.comparison.selection import Trial, paired_difference, pareto_front
from evaluation.comparison.table import markdown
from evaluation.comparison.tasks import Key, Posts, Results, plan, run
from model.calibration import FOLDS
from model.dataset import Examples
from model.errors import UserError
from model.manifest import current_versions
from model.views import author_of, build_views, group_ids, thread_of


def compare(examples: Examples, *, fast: bool = False, jobs: int = 2) -> Comparison:
    """Cross-validate every candidate and neighbour, `jobs` tasks at a time.

    `fast` leaves out the slow ones. Raises DatasetError when the examples are too few.
    """
    posts = Posts(
        views=build_views(examples.texts),
        labels=np.array(examples.labels),
        threads=group_ids(examples.texts, thread_of),
        authors=group_ids(examples.texts, author_of),
    )
    candidates = [one for one in CANDIDATES if not (fast and one.slow)]
    neighbours = [one for one in NEIGHBOURS if not (fast and one.slow)]
    results = run(plan(posts, candidates, neighbours), jobs)
    return Comparison(
        chosen=SERVED.name,
        data=_data(examples, posts),
        versions=current_versions(),
        candidates=_candidate_figures(candidates, results),
        neighbours=[_neighbour(one, results, posts.threads) for one in neighbours],
        gaps={one.name: _gaps(one, results) for one in (BASELINE, SERVED)},
        calibration=results[Key(SERVED.name, "calibration")][0],
    )


def write(comparison: Comparison, reports_dir: Path) -> None:
    """Write record, table and plot; raises UserError when the folder cannot be written."""
    record = msgspec.json.format(msgspec.json.encode(comparison), indent=2) + b"\n"
    contents = {
        "comparison.json": record,
        "comparison.md": markdown(comparison).encode(),
        "comparison.svg": plot.draw(comparison, "svg"),
        "comparison.png": plot.draw(comparison, "png"),
    }
    try:
        reports_dir.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            (reports_dir / name).write_bytes(content)
    except OSError as error:
        raise UserError(f"{error.filename} cannot be written: {error.strerror}") from None


def _data(examples: Examples, posts: Posts) -> Data:
    timed = median_texts(next(iter(posts.views.values())))
    return Data(
        sha256=examples.sha256,
        examples=len(examples),
        threads=len(np.unique(posts.threads)),
        views=list(posts.views),
        folds=FOLDS,
        timed_characters=round(float(np.mean([len(text) for text in timed]))),
    )


def _candidate_figures(candidates: Sequence[Candidate], results: Results) -> list[CandidateFigures]:
    accuracies = [_accuracy(results[Key(one.name, "grouped")]) for one in candidates]
    costs: list[Cost] = [results[Key(one.name, "costs")][0] for one in candidates]
    front = pareto_front(
        [cost.microseconds for cost in costs], [accuracy.mean for accuracy in accuracies]
    )
    figures = []
    for one, accuracy, cost, pareto in zip(candidates, accuracies, costs, front, strict=True):
        shuffled = results.get(Key(one.name, "shuffled"), [])
        figures.append(
            CandidateFigures(
                name=one.name,
                reason=one.reason,
                accuracy=accuracy,
                shuffled_accuracy=_mean([trial.accuracy() for trial in shuffled]),
                grouped=_mean([t.macro_f1() for t in results[Key(one.name, "grouped")]]),
                shuffled=_mean([trial.macro_f1() for trial in shuffled]),
                cost=cost,
                pareto=pareto,
            )
        )
    return figures


def _neighbour(one: Candidate, results: Results, threads: npt.NDArray[np.intp]) -> Neighbour:
    trials = results[Key(one.name, "grouped")]
    difference, error = paired_difference(trials, results[Key(SERVED.name, "grouped")], threads)
    return Neighbour(one.name, one.reason, _accuracy(trials), difference, error)


def _gaps(one: Candidate, results: Results) -> dict[str, PerView]:
    return {
        kind: _mean([trial.accuracy() for trial in results[Key(one.name, kind)]])
        for kind in ("shuffled", "grouped", "disjoint")
    }


def _accuracy(trials: Sequence[Trial]) -> Accuracy:
    each = [trial.accuracy() for trial in trials]
    means = [float(np.mean(list(views.values()))) for views in each]
    spread = float(np.std(means, ddof=1)) if len(means) > 1 else None
    return Accuracy(_mean(each), float(np.mean(means)), spread, len(trials))


def _mean(each: Sequence[PerView]) -> PerView:
    """The mean of each view's figures; empty for none."""
    return (
        {view: float(np.mean([views[view] for views in each])) for view in each[0]} if each else {}
    )
