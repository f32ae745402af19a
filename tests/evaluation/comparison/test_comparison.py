"""The whole comparison: what it measures and writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evaluation.comparison import compare, write
from evaluation.comparison.figures import Comparison
from evaluation.comparison.tasks import ASSIGNMENTS
from model.dataset import Examples
from model.errors import DatasetError, UserError

VIEWS = ["post", "body", "plain"]


def test_every_candidate_and_neighbour_is_there(comparison: Comparison) -> None:
    """The comparison has all of them, in their order."""
    names = [one.name for one in comparison.candidates]
    assert names == ["baseline", "blend", "character SVM"]
    names = [one.name for one in comparison.neighbours]
    assert names == ["min_df 2", "digits kept", "character n-grams"]


def test_accuracy_is_a_mean_over_views_and_assignments(comparison: Comparison) -> None:
    """The mean accuracy is that of the views, over all assignments, with its spread."""
    for one in comparison.candidates[:2]:
        assert list(one.accuracy.views) == VIEWS
        assert one.accuracy.mean == pytest.approx(np.mean(list(one.accuracy.views.values())))
        assert one.accuracy.assignments == ASSIGNMENTS
        assert one.accuracy.spread is not None
        assert list(one.grouped) == list(one.shuffled) == list(one.shuffled_accuracy) == VIEWS


def test_slow_candidates_are_tried_once(comparison: Comparison) -> None:
    """A slow one has a single assignment, so no spread, and no figures of shuffled folds."""
    slow = comparison.candidates[2]
    assert (slow.accuracy.assignments, slow.accuracy.spread) == (1, None)
    assert list(slow.grouped) == VIEWS
    assert slow.shuffled == slow.shuffled_accuracy == {}


def test_the_easy_words_are_learnt(comparison: Comparison) -> None:
    """Texts that name their label are distinguished by the served model, in all kinds of folds."""
    gaps = comparison.gaps["blend"]
    assert list(gaps) == ["shuffled", "grouped", "disjoint"]
    assert gaps["grouped"]["post"] == gaps["shuffled"]["post"] == 1.0
    assert list(comparison.gaps) == ["baseline", "blend"]


def test_an_unchanged_neighbour_differs_by_nothing(comparison: Comparison) -> None:
    """Where a change changes no answer, difference and error are zero."""
    digits = next(one for one in comparison.neighbours if one.name == "digits kept")
    assert (digits.difference, digits.standard_error) == (0.0, 0.0)


def test_the_served_model_is_calibrated_out_of_fold(comparison: Comparison) -> None:
    """There is one calibration error per view and kind of folds, and a temperature."""
    calibration = comparison.calibration
    assert calibration.temperature > 0
    for errors in (calibration.grouped, calibration.disjoint):
        assert list(errors) == VIEWS
        assert all(0 <= error <= 1 for error in errors.values())


@pytest.mark.usefixtures("few_candidates")
def test_figures_but_times_are_reproducible(posts: Examples, comparison: Comparison) -> None:
    """In two processes, and without the slow ones, the figures are those of one process."""
    again = compare(posts, fast=True, jobs=2)
    assert again.neighbours == comparison.neighbours[:2]
    assert again.gaps == comparison.gaps
    assert again.calibration == comparison.calibration
    assert len(again.candidates) == 2
    for ours, theirs in zip(again.candidates, comparison.candidates, strict=False):
        assert ours.accuracy == theirs.accuracy
        assert ours.grouped == theirs.grouped
        assert ours.cost.artifact_bytes == theirs.cost.artifact_bytes


def test_texts_that_cannot_be_split_are_an_error(posts: Examples) -> None:
    """Too few threads of a label end in an error that says what to add."""
    two = Examples(posts.texts[::47], posts.labels[::47], posts.path, posts.sha256)
    with pytest.raises(DatasetError, match="add examples"):
        compare(two, fast=True, jobs=1)


def test_files_are_written(comparison: Comparison, tmp_path: Path) -> None:
    """The record holds what the evaluation report reads, beside the table and both plots."""
    write(comparison, tmp_path / "reports")
    record = json.loads((tmp_path / "reports" / "comparison.json").read_bytes())
    assert record["chosen"] == "blend"
    chosen = next(one for one in record["candidates"] if one["name"] == record["chosen"])
    assert list(chosen["shuffled"]) == list(chosen["grouped"]) == VIEWS
    assert (tmp_path / "reports" / "comparison.md").read_text().startswith("# Choosing the model")
    assert (tmp_path / "reports" / "comparison.svg").read_bytes().startswith(b"<?xml")
    assert (tmp_path / "reports" / "comparison.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_that_cannot_be_written(comparison: Comparison, tmp_path: Path) -> None:
    """A file where the reports' folder should be is an error of the user's."""
    (tmp_path / "reports").touch()
    with pytest.raises(UserError, match="reports cannot be written"):
        write(comparison, tmp_path / "reports")
