"""What one promise was found to be worth.

May import nothing of ours.
"""

from __future__ import annotations

import msgspec


class Outcome(msgspec.Struct, frozen=True):
    """A promise, what was seen of it, what had to be seen, and whether it was."""

    promise: str
    seen: str
    reach: str
    met: bool
