"""The check of the compiled scorer finds what differs, and nothing else."""

from __future__ import annotations

import random

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from benchmarks import exactness

TEXTS = ["salt bread", "wind", "zyx", ""]


class Shifted(Pipeline):  # type: ignore[misc]  # scikit-learn has no types
    """A pipeline whose decision values are not those of its steps."""

    def decision_function(self, texts: list[str]) -> NDArray[np.float64]:
        values: NDArray[np.float64] = super().decision_function(texts)
        return np.add(values, [2e-5, 0, 0])


class Relabelled(Pipeline):  # type: ignore[misc]
    """A pipeline whose labels are not those of the highest decision values."""

    def predict(self, texts: list[str]) -> NDArray[np.str_]:
        return np.full(len(texts), "cooking")


def test_equal_scores_pass(tiny_pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipeline that the scorer reproduces is exact."""
    assert exactness.check("tiny", tiny_pipeline, TEXTS)
    assert capsys.readouterr().out.startswith("tiny: 4 texts, 0 labels differ")


@pytest.mark.parametrize("kind", [Shifted, Relabelled])
def test_other_scores_fail(kind: type[Pipeline], tiny_pipeline: Pipeline) -> None:
    """A difference in labels or over the tolerance is found."""
    assert not exactness.check("tiny", kind(tiny_pipeline.steps), TEXTS)


def test_random_texts_can_be_repeated_and_are_of_every_sort() -> None:
    """One seed gives the same texts, of ASCII and beyond, with subjects, and empty ones."""
    texts = [exactness.random_text(source, ["word"]) for source in [random.Random(3)] * 500]
    again = random.Random(3)
    assert texts == [exactness.random_text(again, ["word"]) for _ in range(500)]
    assert "" in texts
    assert 0 < sum(text.isascii() for text in texts) < 500
    assert any(text.startswith("Subject: ") for text in texts)


def test_served_model_is_exact(capsys: pytest.CaptureFixture[str]) -> None:
    """The command checks the model of this repository, and passes."""
    exactness.main(["--texts", "50"])
    assert capsys.readouterr().out.startswith("served model, random texts: 50 texts, 0 labels")
