"""Models of synthetic examples, evaluated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sklearn.pipeline import Pipeline

from evaluation import Report, evaluate
from model.artifact import Artifact
from tests.evaluation.examples import (
    first_words,
    make_lines,
    same,
    save_model,
    train_linear,
    write_lines,
)

Evaluated = tuple[Report, Artifact]


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Evaluated]:
    """A function that trains and evaluates a model in a temporary folder."""

    def run_once(
        train_lines: list[dict[str, str]],
        test_lines: list[dict[str, str]],
        views: dict[str, Callable[[str], str]] | None = None,
        train_model: Callable[[list[str], list[str]], Pipeline] = train_linear,
    ) -> Evaluated:
        views = views or {"text": same}
        train = write_lines(tmp_path / "train.jsonl", train_lines)
        test = write_lines(tmp_path / "test.jsonl", test_lines)
        pipeline = train_model(train.texts, train.labels)
        model = save_model(tmp_path / "model", pipeline, train, list(views))
        report = evaluate(
            model, train, test, views=views, thread_of=same, train_model=train_model, jobs=1
        )
        return report, model

    return run_once


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluated:
    """A model with two views, evaluated once for all tests that only look."""
    folder = tmp_path_factory.mktemp("evaluated")
    train = write_lines(folder / "train.jsonl", make_lines(300, seed=1))
    test = write_lines(folder / "test.jsonl", make_lines(90, seed=2))
    views = {"whole": same, "start": first_words}
    model = save_model(
        folder / "model", train_linear(train.texts, train.labels), train, list(views)
    )
    report = evaluate(
        model, train, test, views=views, thread_of=same, train_model=train_linear, jobs=1
    )
    return report, model
