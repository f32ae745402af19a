"""What each character is to a tokenizer, looked up for many characters at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_CODE_POINTS = 0x110000
_BLOCK = 1024
_UNSEEN = 255


class CharacterTable:
    """A small number for each code point.

    `str.translate` would ask Python for each character that its map lacks: five times the price of
    an ordinary text, for anyone who writes in Han or wants to be a burden.
    """

    def __init__(self, kind: Callable[[int], int]) -> None:
        """`kind` gives the number of a code point, from 0 to 254, and must always give the same."""
        self._kind = kind
        # In blocks that are filled when a text first needs them: all of Unicode takes half a
        # second.
        self._kinds = np.full(_CODE_POINTS, _UNSEEN, dtype=np.uint8)

    def of(self, codes: NDArray[np.uint8] | NDArray[np.uint32]) -> NDArray[np.uint8]:
        """The numbers of code points, [n]."""
        kinds = self._kinds.take(codes)
        unseen = kinds == _UNSEEN
        if unseen.any():
            for block in np.unique(codes[unseen].astype(np.intp) // _BLOCK).tolist():
                points = range(block * _BLOCK, (block + 1) * _BLOCK)
                self._kinds[points.start : points.stop] = [self._kind(point) for point in points]
            kinds = self._kinds.take(codes)
        return kinds
