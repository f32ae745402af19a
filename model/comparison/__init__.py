"""The comparison behind the choice of the model: candidates, cross-validated on training data.

`compare` measures, `write` writes comparison.json, comparison.md and the plot. May import all of
model/. Every figure but the times is the same at every run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from model.artifact import current_versions
from model.calibration import FOLDS
from model.candidates import BASELINE, CANDIDATES, NEIGHBOURS, SERVED, Candidate
from model.comparison import plot
from model.comparison.calibration import calibration_figures
from model.comparison.figures import (
    Accuracy,
    CandidateFigures,
    Comparison,
    Data,
    Neighbour,
    PerView,
)
from model.comparison.table import markdown
from model.costs import Cost, measure, median_texts
from model.dataset import Examples
from model.errors import UserError
from model.selection import Trial, cross_validate, paired_difference, pareto_front
from model.views import author_of, build_views, group_ids, thread_of

#: Assignments of threads to folds that a figure is averaged over.
ASSIGNMENTS = 2


class Key(NamedTuple):
    """What a task measures: "costs", "calibration", or trials on one kind of folds."""

    name: str
    kind: str


Task = tuple[Key, Callable[[], Any]]
Results = Mapping[Key, Sequence[Any]]


def compare(examples: Examples, *, fast: bool = False, jobs: int = 2) -> Comparison:
    """Cross-validate every candidate and neighbour, `jobs` tasks at a time.

    `fast` leaves out the slow ones. Raises DatasetError when the examples are too few.
    """
    views = build_views(examples.texts)
    labels = np.array(examples.labels)
    threads = group_ids(examples.texts, thread_of)
    authors = group_ids(examples.texts, author_of)
    folds = {"grouped": (threads, None), "shuffled": (None, None), "disjoint": (threads, authors)}
    candidates = [one for one in CANDIDATES if not (fast and one.slow)]
    neighbours = [one for one in NEIGHBOURS if not (fast and one.slow)]

    tasks: list[Task] = [
        (
            Key(SERVED.name, "calibration"),
            partial(calibration_figures, SERVED.build, views, labels, threads, authors),
        )
    ]
    for one in [*candidates, *neighbours]:
        for kind, seed in _trials(one, one in candidates):
            run = partial(cross_validate, one, views, labels, *folds[kind], seed)
            tasks.append((Key(one.name, kind), run))
    for one in candidates:
        tasks.append((Key(one.name, "costs"), partial(measure, one, views, labels)))
    slow = {one.name for one in [*candidates, *neighbours] if one.slow}
    # The longest first, so that none is left to run alone at the end.
    results = _run(sorted(tasks, key=lambda task: task[0].name not in slow), jobs)

    timed = median_texts(next(iter(views.values())))
    return Comparison(
        chosen=SERVED.name,
        data=Data(
            sha256=examples.sha256,
            examples=len(examples),
            threads=len(np.unique(threads)),
            views=list(views),
            folds=FOLDS,
            timed_characters=round(float(np.mean([len(text) for text in timed]))),
        ),
        versions=current_versions(),
        candidates=_candidate_figures(candidates, results),
        neighbours=[_neighbour(one, results, threads) for one in neighbours],
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


def _trials(candidate: Candidate, shown_shuffled: bool) -> list[tuple[str, int]]:
    """Kinds of folds and seeds that a candidate is tried on."""
    if candidate.slow:
        return [("grouped", 0)]
    trials = [("grouped", seed) for seed in range(ASSIGNMENTS)]
    if shown_shuffled:
        trials.append(("shuffled", 0))
    if candidate in (BASELINE, SERVED):
        trials += [("disjoint", seed) for seed in range(ASSIGNMENTS)]
    return trials


def _run(tasks: Sequence[Task], jobs: int) -> Results:
    """The results of the tasks by key, those of one key in the order of the tasks."""
    results: dict[Key, dict[int, Any]] = defaultdict(dict)
    with parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=1):
        answers = Parallel(return_as="generator_unordered")(
            delayed(_numbered)(number, task) for number, (_, task) in enumerate(tasks)
        )
        for number, answer in tqdm(answers, "comparing", len(tasks), unit="task"):
            results[tasks[number][0]][number] = answer
    return {key: [found[number] for number in sorted(found)] for key, found in results.items()}


def _numbered(number: int, task: Callable[[], Any]) -> tuple[int, Any]:
    return number, task()


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
