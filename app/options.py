"""The options of a prediction, read from the query: how much the answer tells besides the label.

May import nothing of ours. Parameters that are no option are ignored: what lies between a client
and the service may add some.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

from flask import Request
from werkzeug.exceptions import HTTPException

MOST_TERMS = 1000

T = TypeVar("T")


class Options(NamedTuple):
    """What an answer tells besides the label; nothing by default."""

    scores: bool = False
    """The probability of every label."""
    explain: int = 0
    """At most so many terms that spoke for the label, and so many against it."""


NONE = Options()

_SCORES = {"true": True, "1": True, "false": False, "0": False}
_EXPLAIN = {str(number): number for number in range(1, MOST_TERMS + 1)}
_EXPECTED = {
    "scores": "true, false, 1 or 0",
    "explain": f"a whole number from 1 to {MOST_TERMS}",
}


def read_options(request: Request, invalid: type[HTTPException]) -> Options:
    """Return the options of a request; raises `invalid`, the route's own error, at a bad one."""
    if not request.environ.get("QUERY_STRING"):
        return NONE
    return Options(
        scores=_choose(request, "scores", _SCORES, NONE.scores, invalid),
        explain=_choose(request, "explain", _EXPLAIN, NONE.explain, invalid),
    )


def _choose(
    request: Request, name: str, values: Mapping[str, T], default: T, invalid: type[HTTPException]
) -> T:
    given = request.args.getlist(name)
    if not given:
        return default
    if len(given) > 1 or given[0] not in values:
        # What was given is not repeated: it may be a part of somebody's text.
        raise invalid(f"The option {name} may be given once, as {_EXPECTED[name]}.")
    return values[given[0]]
