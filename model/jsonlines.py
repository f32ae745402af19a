"""One wording for what can be wrong with JSON: in requests, datasets and files to label."""

from __future__ import annotations

import msgspec

# msgspec's own words for these mislead the reader.
_TRUNCATED = "it ends early, or holds one half of a surrogate pair (\\ud800 to \\udfff)"


def reason(error: msgspec.DecodeError | RecursionError) -> str:
    """Return why a JSON object could not be decoded."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    said = str(error)
    if "Input data was truncated" in said or "hex escape" in said:
        return _TRUNCATED
    return said
