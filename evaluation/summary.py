"""The figures as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.figures import Figures, FlipRate, ViewFigures

HEADLINE = (
    "view",
    "accuracy [95 %]",
    "macro-F1 [95 %]",
    "ECE [if calibrated]",
    "challenge acc/F1",
    "majority acc/F1",
    "McNemar p",
)


def summary(figures: Figures) -> str:
    """Return the headline table, and for each view its scores per label and its confusions."""
    rows = [HEADLINE, *(_headline(name, view) for name, view in figures.views.items())]
    test = figures.data.test
    parts = [
        f"Model {figures.model.version} on {test.name}: {test.examples} texts\n\n{table(rows)}",
        *(_details(name, view) for name, view in figures.views.items()),
    ]
    return "\n\n".join(parts)


def robustness_table(rates: Sequence[FlipRate]) -> str:
    """Return the flip rates beside their targets."""
    rows = [("change of the text", "texts", "other label", "share", "target", "")]
    for rate in rates:
        share = rate.flips / max(rate.texts, 1)
        missed = "" if share <= rate.target else "MISSED"
        figures = (str(rate.texts), str(rate.flips), f"{share:.3f}", f"{rate.target:.2f}")
        rows.append((rate.perturbation, *figures, missed))
    return table(rows)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows of equally many cells: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _headline(name: str, view: ViewFigures) -> tuple[str, ...]:
    majority, challenge = view.baselines.majority, view.baselines.challenge
    return (
        name,
        _with_range(view.accuracy, view.intervals.accuracy),
        _with_range(view.macro_f1, view.intervals.macro_f1),
        _with_range(view.ece, view.ece_if_calibrated),
        f"{challenge.accuracy:.3f} / {challenge.macro_f1:.3f}",
        f"{majority.accuracy:.3f} / {majority.macro_f1:.3f}",
        f"{challenge.mcnemar.p:.2g}",
    )


def _with_range(value: float, limits: tuple[float, float]) -> str:
    return f"{value:.3f} [{limits[0]:.3f}, {limits[1]:.3f}]"


def _details(name: str, view: ViewFigures) -> str:
    """Scores per label with the label's row of the confusion matrix beside them."""
    header = ["true \\ predicted", "precision", "recall", "f1", "support", ""]
    rows = [
        [
            label,
            f"{scores.precision:.3f}",
            f"{scores.recall:.3f}",
            f"{scores.f1:.3f}",
            str(scores.support),
            "|",
            *map(str, counts),
        ]
        for (label, scores), counts in zip(view.per_label.items(), view.confusion, strict=True)
    ]
    return f"View {name}\n\n{table([header + list(view.per_label), *rows])}"
