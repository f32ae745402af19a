"""Training: examples in, a fitted and calibrated pipeline out.

Deterministic: the same examples, settings and versions give the same pipeline, byte for byte once
dumped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.pipeline import Pipeline

from model.calibration import fit_calibrated
from model.pipeline import build_pipeline
from model.views import MAIL_VIEWS, TEXT_VIEWS, View, author_of, group_ids, thread_of, views_for

VIEW_SETS = {"mail": MAIL_VIEWS, "text": TEXT_VIEWS}


@dataclass(frozen=True)
class Trained:
    """A fitted pipeline and how it came about."""

    pipeline: Pipeline
    views: list[str]
    hyperparameters: dict[str, Any]


def choose_views(texts: Sequence[str], setting: str) -> Mapping[str, View]:
    """Return the views named by a setting: "mail", "text", or "auto" to judge by the texts."""
    return views_for(texts) if setting == "auto" else VIEW_SETS[setting]


def train(texts: Sequence[str], labels: Sequence[str], views: Mapping[str, View]) -> Trained:
    """Fit the served pipeline on every view of every text, calibrated out of fold.

    Texts of one thread stay in one fold, and an author's other posts out of the fold's training:
    a reply quotes what it answers, so a plain split would test on what was trained on.
    """
    pipeline = fit_calibrated(
        build_pipeline(),
        {name: [view(text) for text in texts] for name, view in views.items()},
        labels,
        groups=group_ids(texts, thread_of),
        related=group_ids(texts, author_of),
    )
    return Trained(pipeline, list(views), _hyperparameters(pipeline))


def _hyperparameters(pipeline: Pipeline) -> dict[str, Any]:
    """What was chosen: the estimator's parameters, and those of other steps that are not default.

    Functions and types are left out, since a manifest cannot hold them.
    """
    chosen = {}
    for step_name, step in pipeline.steps:
        default = {} if step is pipeline[-1] else type(step)().get_params()
        for name, value in step.get_params().items():
            if isinstance(value, (str, int, float, tuple)) and value != default.get(name):
                chosen[f"{step_name}__{name}"] = value
    return chosen
