"""The Markdown tables."""

from __future__ import annotations

from msgspec.structs import replace

from evaluation.comparison.figures import Comparison
from evaluation.comparison.table import UNMEASURED, markdown


def row(text: str, start: str) -> list[str]:
    """The cells of the first row whose first cell starts so."""
    line = next(line for line in text.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_row_is_as_wide_as_its_head(comparison: Comparison) -> None:
    """All rows of a table have one number of cells."""
    tables = [
        [line.count("|") for line in block.splitlines() if line.startswith("|")]
        for block in markdown(comparison).split("\n\n")
    ]
    widths = [set(table) for table in tables if table]
    assert len(widths) == 4
    assert all(len(width) == 1 for width in widths)


def test_figures_stand_in_their_columns(comparison: Comparison) -> None:
    """A candidate's row has its accuracies and costs; what is unmeasured is a dash."""
    text = markdown(comparison)
    heads, cells = row(text, "candidate"), row(text, "baseline ")
    figures = comparison.candidates[0]
    assert cells[heads.index("body")] == f"{figures.accuracy.views['body']:.4f}"
    assert cells[heads.index("shuffled body")] == f"{figures.shuffled_accuracy['body']:.4f}"
    assert cells[heads.index("µs stock")] == f"{figures.cost.predict_microseconds:.0f}"
    assert cells[heads.index("µs compiled")] == UNMEASURED


def test_served_front_and_single_assignments_are_marked(comparison: Comparison) -> None:
    """The served name is bold, the front has its mark, and so has a figure without a spread."""
    first, *others = comparison.candidates
    text = markdown(replace(comparison, candidates=[replace(first, pareto=True), *others]))
    assert row(text, "baseline ◆")
    assert row(text, "**blend**")
    assert f"| {others[-1].accuracy.mean:.4f} † |" in text
