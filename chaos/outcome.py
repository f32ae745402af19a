"""What a trial found."""

from __future__ import annotations

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    """A promise, what was seen of it in words and figures, and what it was to be."""

    promise: str
    seen: str
    reach: str
    met: bool
