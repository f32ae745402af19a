"""How well predictions agree with rows' own labels."""

from __future__ import annotations

import math

import pytest
from sklearn.metrics import accuracy_score, f1_score

from bulk.accuracy import agreement, check_number
from model.errors import BulkError

PAIRS = [("a", "a", 5), ("a", "b", 2), ("b", "b", 3), ("unknown", "b", 1)]


def test_measures_are_scikit_learns() -> None:
    """Accuracy and macro-F1 are those of the single rows, unknown labels included."""
    own = [label for label, _, count in PAIRS for _ in range(count)]
    predicted = [label for _, label, count in PAIRS for _ in range(count)]
    found = agreement(PAIRS)
    assert found.rows == 11
    assert found.accuracy == pytest.approx(accuracy_score(own, predicted))
    expected = f1_score(own, predicted, average="macro", zero_division=0.0)
    assert found.macro_f1 == pytest.approx(expected)


def test_without_labels_there_is_nothing_to_measure() -> None:
    """No rows give no figures, and no error."""
    found = agreement(())
    assert found.rows == 0
    assert math.isnan(found.accuracy)
    assert math.isnan(found.macro_f1)


def test_what_is_no_label_is_told() -> None:
    """A field with another value in every row would fill memory and say nothing."""
    check_number([(str(number), "a", 1) for number in range(1000)])
    with pytest.raises(BulkError, match="over 1000 different labels"):
        check_number([(str(number), "a", 1) for number in range(1001)])
