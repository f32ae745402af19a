"""What a comparison measures, cut into tasks that run side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from evaluation.comparison.calibration import calibration_figures
from evaluation.comparison.candidates import BASELINE, SERVED, Candidate
from evaluation.comparison.costs import measure
from evaluation.comparison.selection import cross_validate
from model.calibration import Views

ASSIGNMENTS = 2
"""Assignments of threads to folds that a figure is averaged over."""


class Key(NamedTuple):
    """A candidate's name and what is measured: "costs", "calibration" or a kind of folds."""

    name: str
    kind: str


Task = tuple[Key, Callable[[], Any]]
Results = Mapping[Key, Sequence[Any]]


@dataclass(frozen=True)
class Posts:
    """What tasks work on: each view's n texts, and n labels, thread and author numbers."""

    views: Views
    labels: npt.NDArray[Any]
    threads: npt.NDArray[np.intp]
    authors: npt.NDArray[np.intp]


def plan(
    posts: Posts, candidates: Sequence[Candidate], neighbours: Sequence[Candidate]
) -> list[Task]:
    """The tasks, the longest first, so that none is left to run alone at the end.

    Candidates have their costs measured and are tried on shuffled folds too; neighbours not.
    """
    views, labels, threads, authors = posts.views, posts.labels, posts.threads, posts.authors
    folds = {"grouped": (threads, None), "shuffled": (None, None), "disjoint": (threads, authors)}
    calibration = partial(calibration_figures, SERVED.build, views, labels, threads, authors)
    tasks: list[Task] = [(Key(SERVED.name, "calibration"), calibration)]
    for one in sorted([*candidates, *neighbours], key=lambda one: not one.slow):
        if one in candidates:
            tasks.append((Key(one.name, "costs"), partial(measure, one, views, labels)))
        for kind, seed in _trials(one, one in candidates):
            trial = partial(cross_validate, one, views, labels, *folds[kind], seed)
            tasks.append((Key(one.name, kind), trial))
    return tasks


def run(tasks: Sequence[Task], jobs: int) -> Results:
    """The results of the tasks by key, those of one key in the order of the tasks."""
    results: dict[Key, dict[int, Any]] = defaultdict(dict)
    with parallel_config(backend="loky", n_jobs=jobs, inner_max_num_threads=1):
        answers = Parallel(return_as="generator_unordered")(
            delayed(_numbered)(number, task) for number, (_, task) in enumerate(tasks)
        )
        for number, answer in tqdm(answers, "comparing", len(tasks), unit="task", disable=None):
            results[tasks[number][0]][number] = answer
    return {key: [found[number] for number in sorted(found)] for key, found in results.items()}


def _trials(candidate: Candidate, shuffled_too: bool) -> list[tuple[str, int]]:
    """Kinds of folds and seeds that a candidate is tried on."""
    if candidate.slow:
        return [("grouped", 0)]
    trials = [("grouped", seed) for seed in range(ASSIGNMENTS)]
    if shuffled_too:
        trials.append(("shuffled", 0))
    if candidate in (BASELINE, SERVED):
        trials += [("disjoint", seed) for seed in range(ASSIGNMENTS)]
    return trials


def _numbered(number: int, task: Callable[[], Any]) -> tuple[int, Any]:
    return number, task()
