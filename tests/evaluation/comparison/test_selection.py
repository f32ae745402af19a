"""Cross-validation of candidates, paired differences and the Pareto front."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.comparison.candidates import BASELINE, SERVED
from evaluation.comparison.selection import (
    Trial,
    cross_validate,
    paired_difference,
    pareto_front,
    training_views,
)
from model.errors import DatasetError

WORDS = {"space": ["orbit", "moon", "probe"], "food": ["bread", "oven", "soup"]}
TEXTS = [f"{word} {label} {i}" for label, words in WORDS.items() for word in words for i in "abcd"]
LABELS = np.repeat(list(WORDS), 12)
GROUPS = np.repeat(np.arange(6), 4)
VIEWS = {"long": TEXTS, "none": [""] * 24}


def trial(correct: list[bool], rows: list[int] | None = None) -> Trial:
    """A trial in one view with these answers right."""
    truth = np.array(["yes"] * len(correct))
    return Trial(
        np.array(rows if rows is not None else range(len(correct))),
        truth,
        {"text": np.where(correct, "yes", "no")},
    )


def test_every_text_is_predicted_once_in_every_view() -> None:
    """All rows are held out once, and each view has a label for each of them."""
    found = cross_validate(SERVED, VIEWS, LABELS, GROUPS)
    assert sorted(found.rows.tolist()) == list(range(24))
    assert found.truth.tolist() == LABELS[found.rows].tolist()
    assert found.accuracy() == {"long": 1.0, "none": pytest.approx(0.5)}
    assert found.macro_f1()["long"] == 1.0


def test_held_out_groups_are_not_trained_on() -> None:
    """What only texts of the same group could teach helps in shuffled folds, not in grouped."""
    secret = np.array(["space", "food"] * 3).repeat(4)
    texts = [f"thread{chr(97 + group)}" for group in GROUPS]
    shuffled = cross_validate(SERVED, {"text": texts}, secret)
    grouped = cross_validate(SERVED, {"text": texts}, secret, GROUPS)
    assert shuffled.accuracy()["text"] == 1.0
    assert grouped.accuracy()["text"] < 0.7


def test_related_texts_are_not_trained_on() -> None:
    """Texts related to the held-out ones teach nothing either."""
    related = np.arange(24) % 12
    texts = [f"author{chr(97 + author)}" for author in related]
    secret = np.where(related % 2, "space", "food")
    unrelated = cross_validate(SERVED, {"text": texts}, secret)
    disjoint = cross_validate(SERVED, {"text": texts}, secret, None, related)
    assert disjoint.accuracy()["text"] < unrelated.accuracy()["text"]


def test_the_first_view_is_trained_on_alone() -> None:
    """A candidate for the first view sees no other in training."""
    assert list(training_views(BASELINE, VIEWS)) == ["long"]
    assert list(training_views(SERVED, VIEWS)) == ["long", "none"]


def test_a_label_of_one_group_is_an_error() -> None:
    """What cannot be cross-validated is an error that says what to add."""
    with pytest.raises(DatasetError, match="add examples"):
        cross_validate(SERVED, {"text": ["a", "b"]}, np.array(["x", "y"]), np.array([0, 1]))


def test_correct_is_a_share_of_the_views() -> None:
    """A text that is right in one view of two counts half."""
    answers = {"a": np.array(["x", "y"]), "b": np.array(["x", "x"])}
    assert Trial(np.arange(2), np.array(["x", "x"]), answers).correct().tolist() == [1.0, 0.5]


def test_difference_by_hand() -> None:
    """One text in four gained is +0.25; texts apart, its error is that of a mean."""
    changed, served = trial([True, True, False, True]), trial([True, False, False, True])
    difference, error = paired_difference([changed], [served], np.arange(4))
    assert difference == 0.25
    assert error == pytest.approx(np.std([0, 1, 0, 0]) / 2)


def test_difference_of_one_thread_is_less_certain() -> None:
    """Gains within one group are one observation, so their error is larger than of texts apart."""
    changed, served = trial([True] * 4 + [False] * 4), trial([False] * 8)
    apart = paired_difference([changed], [served], np.arange(8))
    together = paired_difference([changed], [served], np.repeat([0, 1], 4))
    assert apart[0] == together[0] == 0.5
    assert together[1] == pytest.approx(2 * apart[1])


def test_difference_pairs_by_text() -> None:
    """Texts are matched by their row, whatever the order of the folds."""
    changed, served = trial([True, False], [1, 0]), trial([False, True], [0, 1])
    assert paired_difference([changed], [served], np.arange(2)) == (0.0, 0.0)


def test_difference_leaves_out_trials_without_a_partner() -> None:
    """A candidate tried once is compared with the first trial of the served alone."""
    once, never = trial([True, True]), trial([False, False])
    assert paired_difference([once], [once, never], np.arange(2)) == (0.0, 0.0)


def test_front_by_hand() -> None:
    """Dearer and no better, or cheaper and worse than one of its price, is not on the front."""
    costs, accuracies = [1.0, 2.0, 3.0, 2.0], [0.7, 0.9, 0.8, 0.6]
    assert pareto_front(costs, accuracies) == [True, True, False, False]


def test_front_counts_close_costs_as_equal() -> None:
    """A point that is a little cheaper and less accurate is beaten; at no tolerance it is not."""
    assert pareto_front([100.0, 105.0], [0.8, 0.9]) == [False, True]
    assert pareto_front([100.0, 105.0], [0.8, 0.9], tolerance=0) == [True, True]


def test_front_of_equal_accuracy_is_the_cheaper() -> None:
    """Of two equally accurate ones only the cheaper is on the front, close costs keeping both."""
    assert pareto_front([1.0, 2.0], [0.9, 0.9]) == [True, False]
    assert pareto_front([1.0, 1.05], [0.9, 0.9]) == [True, True]
