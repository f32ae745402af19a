"""The Universal Scalability Law, fitted to measured points.

N. J. Gunther, "Guerrilla Capacity Planning", Springer 2007, chapter 4:

    X(n) = rate * n / (1 + contention * (n - 1) + coherency * n * (n - 1))
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
from scipy.optimize import nnls


class Scalability(msgspec.Struct, frozen=True):
    """The law's three parameters."""

    rate: float
    """Requests a second of one worker."""
    contention: float
    """Share of the work that workers do one after the other."""
    coherency: float
    """Share of the work for keeping each pair of workers in agreement."""

    def __call__(self, workers: float) -> float:
        """Requests a second of so many workers."""
        n = workers
        return self.rate * n / (1 + self.contention * (n - 1) + self.coherency * n * (n - 1))


def fit(points: Mapping[int, float]) -> Scalability:
    """Fit the law to requests a second by number of workers, which must include 1.

    n / X(n) is linear in 1/rate, contention/rate and coherency/rate, none of which may be negative.
    """
    n = np.array(list(points), dtype=float)
    times = n / np.array(list(points.values()))
    terms = np.column_stack([np.ones_like(n), n - 1, n * (n - 1)])
    # Relative errors: each point weighs the same, whatever the machine's speed.
    solution, _ = nnls(terms / times[:, None], np.ones_like(n))
    one, contention, coherency = solution.tolist()
    return Scalability(1 / one, contention / one, coherency / one)
