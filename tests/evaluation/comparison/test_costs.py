"""What a candidate costs."""

from __future__ import annotations

import numpy as np
import pytest

from evaluation.comparison.candidates import BASELINE, CANDIDATES, SERVED
from evaluation.comparison.costs import TIMED_TEXTS, Cost, measure, median_texts
from model import artifact
from model.compiled import CompiledPipeline

VIEWS = {"text": ["orbit of the moon", "the moon probe", "bread oven", "hot bread"]}
LABELS = np.array(["space", "space", "food", "food"])


def test_costs_of_a_linear_candidate() -> None:
    """A candidate that can be compiled has both prices, and the size of its artifact."""
    cost = measure(SERVED, VIEWS, LABELS)
    fitted = SERVED.build().fit(VIEWS["text"], LABELS)
    assert cost.artifact_bytes == len(artifact.dumped(fitted))
    assert cost.fit_cpu_seconds > 0
    assert cost.predict_microseconds > 0
    assert cost.compiled_microseconds is not None
    assert cost.microseconds == cost.compiled_microseconds


def test_a_candidate_that_cannot_be_compiled_has_one_price() -> None:
    """Without a compiled form the price is scikit-learn's."""
    cost = measure(BASELINE, VIEWS, LABELS)
    assert cost.compiled_microseconds is None
    assert cost.microseconds == cost.predict_microseconds


def test_a_vector_of_weights_is_compiled() -> None:
    """Ridge, which keeps the one row of two labels as a vector, is compiled like the others."""
    ridge = next(one for one in CANDIDATES if one.name == "ridge")
    fitted = ridge.build().fit(VIEWS["text"], LABELS)
    (values,), _ = CompiledPipeline(fitted).score_many(["hot moon"])
    assert values[1] - values[0] == pytest.approx(fitted.decision_function(["hot moon"])[0])


def test_the_compiled_price_counts() -> None:
    """What is served decides, even where it is the dearer."""
    assert Cost(1.0, 1, 5.0, 7.0).microseconds == 7.0


def test_median_texts_are_the_middle_ones() -> None:
    """The texts timed are those of middle length; of few, all are."""
    texts = ["x" * length for length in reversed(range(3 * TIMED_TEXTS))]
    lengths = [len(text) for text in median_texts(texts)]
    assert lengths == list(range(TIMED_TEXTS, 2 * TIMED_TEXTS))
    assert sorted(median_texts(["a", "bb"])) == ["a", "bb"]
