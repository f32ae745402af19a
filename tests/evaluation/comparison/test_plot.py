"""The Pareto plot."""

from __future__ import annotations

import pytest

from evaluation.comparison.figures import Comparison
from evaluation.comparison.plot import draw


@pytest.mark.parametrize("form", ["svg", "png"])
def test_equal_figures_give_equal_bytes(comparison: Comparison, form: str) -> None:
    """Drawing twice gives the same file."""
    assert draw(comparison, form) == draw(comparison, form)


def test_every_candidate_is_named(comparison: Comparison) -> None:
    """The names stand beside the points, the served one marked as such."""
    # Matplotlib draws text as outlines and keeps the words in comments.
    drawing = draw(comparison, "svg").decode()
    for one in comparison.candidates:
        name = f"{one.name} (served)" if one.name == comparison.chosen else one.name
        assert f"<!-- {name} -->" in drawing
    assert "<!-- Pareto front -->" in drawing
