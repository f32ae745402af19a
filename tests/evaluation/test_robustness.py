"""Flip rates count the labels that change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from evaluation.perturbations import PERTURBATIONS, Perturbation
from evaluation.robustness import flip_rates
from evaluation.summary import robustness_table

POST = "From: kim@example.com\nSubject: the old kiln\n\nIt cracked.\n\nAny good advice?\n"


def by_carriage_return(texts: Sequence[str]) -> np.ndarray:
    """A model that labels a text by whether it has a carriage return; unsure of short texts."""
    first = np.array([("\r" in text) * 0.9 + 0.05 for text in texts])
    short = np.array([len(text) < 20 for text in texts])
    first[short] = 0.5
    return np.column_stack([first, 1 - first])


def test_labels_that_change_are_counted() -> None:
    """Every label changes that hangs on what was changed, and no other."""
    rates = {
        rate.perturbation: rate for rate in flip_rates(by_carriage_return, [POST] * 3, [POST] * 2)
    }
    assert (rates["line ends CRLF"].texts, rates["line ends CRLF"].flips) == (3, 3)
    assert rates["line ends U+2028"].flips == 0
    assert rates["privacy note below"].texts == 2


def test_unsure_texts_are_left_out() -> None:
    """Texts of which the model is not sure would change by anything."""
    assert {rate.texts for rate in flip_rates(by_carriage_return, ["short"], ["short"])} == {0}


@pytest.mark.parametrize("one", PERTURBATIONS, ids=lambda one: one.name)
def test_perturbation_changes_the_text(one: Perturbation) -> None:
    """Each does something to a post."""
    assert one.perturb(POST, np.random.default_rng(1)) != one.before(POST, np.random.default_rng(1))


def test_missed_targets_are_named() -> None:
    """The table says which flip rates are over their targets."""
    lines = robustness_table(flip_rates(by_carriage_return, [POST], [POST])).splitlines()
    missed = [line.split("  ")[0] for line in lines if line.endswith("MISSED")]
    assert missed == ["line ends CRLF", "line ends CR"]
