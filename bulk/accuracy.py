"""How well predictions agree with the labels that the rows themselves state."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from model.errors import BulkError

MOST_LABELS = 1000

Pairs = Sequence[tuple[str, str, int]]


class Agreement(msgspec.Struct, frozen=True):
    """The measures of a run; nan where no row had a label of its own."""

    rows: int
    """Rows with a label of their own."""
    accuracy: float
    macro_f1: float


def agreement(pairs: Pairs) -> Agreement:
    """Measure by pairs of own label and prediction with their counts.

    Labels that the model does not know count as wrong, and towards macro-F1 as labels like any.
    Raises BulkError where the project's evaluation is not installed.
    """
    try:
        from evaluation.metrics import accuracy, macro_f1
    except ImportError as error:
        raise BulkError(
            f"--evaluate needs {error.name}, which serving does not: run `make install`"
        ) from None
    if not pairs:
        return Agreement(0, float("nan"), float("nan"))
    labels = sorted({label for own, predicted, _ in pairs for label in (own, predicted)})
    index = {label: number for number, label in enumerate(labels)}
    confusion = np.zeros((len(labels), len(labels)), dtype=np.int64)
    for own, predicted, count in pairs:
        confusion[index[own], index[predicted]] += count
    return Agreement(int(confusion.sum()), float(accuracy(confusion)), float(macro_f1(confusion)))


def check_number(pairs: Pairs) -> None:
    """Raise BulkError when there are so many labels that they are hardly labels."""
    if len(pairs) > MOST_LABELS and len({own for own, _, _ in pairs}) > MOST_LABELS:
        raise BulkError(
            f"the rows have over {MOST_LABELS} different labels of their own, too many to compare"
            " with: leave out --evaluate"
        )
