"""How many digits of a score are shown: by the API, by the file tool and on the page.

From the seventh decimal on, scores differ between processors, so these digits mean nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

DECIMALS = 6


def shown(value: float) -> float:
    """Return a score or a weight as it is shown."""
    return round(value, DECIMALS)


def shown_scores(labels: Iterable[str], probabilities: Iterable[float]) -> dict[str, float]:
    """Return the probability of every label as it is shown."""
    return dict(zip(labels, map(shown, probabilities), strict=True))
