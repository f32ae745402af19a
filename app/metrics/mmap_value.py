"""A number of this process in a file that a scrape of any worker adds up, cheap to increase.

It stands in for prometheus_client's class of the same purpose and keeps to its files. That one
takes a lock, asks for the process's id, looks up its place and packs two numbers at each increment,
and a prediction makes more than a dozen; this one keeps its eight bytes of the mapped file at hand.
It suits workers that answer one request at a time.
"""

from __future__ import annotations

import weakref
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict, mmap_key

_directory = Path()
_files: dict[str, MmapedDict] = {}
_owner: str | None = None
_values: weakref.WeakSet[MmapValue] = weakref.WeakSet()


def use(directory: Path) -> None:
    """Keep files in this folder from now on."""
    global _directory
    _directory = directory


def begin(owner: str) -> None:
    """Count as this owner from now on, every value continuing at what the owner's file holds.

    To be called once in each process that counts; before, nothing can be counted.
    """
    global _owner
    _owner = owner
    for value in list(_values):
        value.open()


class MmapValue:
    """What prometheus_client makes of each series; the signature of its constructor is given."""

    _multiprocess = True

    def __init__(
        self,
        typ: str,
        metric_name: str,
        name: str,
        labelnames: list[str],
        labelvalues: list[str],
        help_text: str,
        multiprocess_mode: str = "",
        **unused: object,
    ) -> None:
        self._kind = f"{typ}_{multiprocess_mode}" if multiprocess_mode else typ
        self._key = mmap_key(metric_name, name, labelnames, labelvalues, help_text)
        _values.add(self)
        if _owner is not None:
            self.open()

    def open(self) -> None:
        """Take up the value's place in the file, making it with the value 0 where there is none."""
        if self._kind not in _files:
            _files[self._kind] = MmapedDict(str(_directory / f"{self._kind}_{_owner}.db"))
        file = _files[self._kind]
        file.read_value(self._key)
        position = file._positions[self._key]
        # Places are aligned, so these eight bytes are written at once: a reader in another process
        # sees the old number or the new one. The view outlives a growth of the file, which maps the
        # same pages a second time.
        self._cell = memoryview(file._m)[position : position + 8].cast("d")

    def inc(self, amount: float) -> None:
        self._cell[0] += amount

    def set(self, value: float, timestamp: float | None = None) -> None:
        self._cell[0] = value

    def get(self) -> float:
        return self._cell[0]
