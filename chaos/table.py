"""Outcomes as a table for the terminal and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from itertools import zip_longest

import msgspec

from chaos.outcome import Outcome

WIDTHS = (28, 52, 40)
"""Characters of promise, what was seen, and reach; the verdict stands last."""


def as_text(found: Mapping[str, Sequence[Outcome]]) -> str:
    """Return a table of the outcomes by trial, each figure beside its reach."""
    lines = _row("promise", "seen", "reach", "")
    for name, outcomes in found.items():
        lines += ["", name]
        for one in outcomes:
            lines += _row(one.promise, one.seen, one.reach, "met" if one.met else "NOT MET")
    return "\n".join(lines)


def as_json(found: Mapping[str, Sequence[Outcome]]) -> bytes:
    """Return the outcomes by trial as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(found)) + b"\n"


def _row(*cells: str) -> list[str]:
    """The lines of a row, its cells wrapped to their columns."""
    wrapped = [textwrap.wrap(cell, width) for cell, width in zip(cells, (*WIDTHS, 8), strict=True)]
    return [
        "  ".join(
            part.ljust(width) for part, width in zip(parts, (*WIDTHS, 8), strict=True)
        ).rstrip()
        for parts in zip_longest(*wrapped, fillvalue="")
    ]
