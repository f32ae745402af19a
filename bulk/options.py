"""What a bulk run is asked for: what each row of the result holds."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from model.errors import BulkError

RowFormat = Literal["jsonl", "text"]

TEXT, LABEL, SCORES, EXPLANATION = "text", "label", "scores", "explanation"
PREDICTED = "predicted"
MOST_TERMS = 1000


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides the bytes of the result; a resumed run must have the same."""

    format: RowFormat
    """Of a row: a JSON object a line, or a text a line."""
    label_field: str = LABEL
    """The field that the predicted label is written to."""
    scores: bool = False
    """Also the calibrated probability of every label."""
    explain: int = 0
    """Also at most so many terms that spoke for the label, and so many against it."""
    evaluate: bool = False
    """Whether a row's own `label` is the truth that predictions are compared with."""

    def check(self) -> None:
        """Raise BulkError when the options contradict each other."""
        added = self.added
        if not self.label_field or len(set(added)) < len(added) or TEXT in added:
            raise BulkError(
                f"--label-field {self.label_field!r} would take the place of another field:"
                " give it a name of its own"
            )
        if self.evaluate and LABEL in added:
            raise BulkError(
                "--evaluate reads the truth from the field 'label', so the prediction cannot be"
                " written there: give --label-field another name"
            )
        if self.evaluate and self.format == "text":
            raise BulkError(
                "--evaluate needs objects with a label of their own, and this input is plain"
                " lines: give JSON lines, or --format jsonl if they are"
            )
        if not 0 <= self.explain <= MOST_TERMS:
            raise BulkError(f"--explain takes a number from 0 to {MOST_TERMS}")

    @property
    def added(self) -> list[str]:
        """The fields that labelling adds to a row, in their order."""
        wanted = [(self.label_field, True), (SCORES, self.scores), (EXPLANATION, self.explain)]
        return [name for name, present in wanted if present]


class Shard(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of `count` parts of the input, which together are the whole; `index` is from 0."""

    index: int
    count: int

    def bounds(self, size: int) -> tuple[int, int]:
        """Return where in `size` bytes this part's lines begin: from the first to the second."""
        return size * self.index // self.count, size * (self.index + 1) // self.count

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


WHOLE = Shard(0, 1)


def parse_shard(text: str) -> Shard:
    """Read `I/N`, I from 0 to N - 1; raises BulkError for anything else."""
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    shard = Shard(int(found[1]), int(found[2])) if found else Shard(0, 0)
    if shard.index >= shard.count:
        raise BulkError(f"--shard {text} is no part of a file: give I/N with I from 0 to N - 1")
    return shard
