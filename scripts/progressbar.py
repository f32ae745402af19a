"""A bar on a terminal with the rate and the time left of a bulk run, and nothing elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

from tqdm import tqdm

from bulk.run import Progress


class ProgressBar:
    """Shows how far a run is. To be used as a context manager, which ends the bar's line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, progress: Progress) -> None:
        """Bring the bar to where the run is; time and rate are counted from the first call."""
        if not self._stream.isatty():
            return
        if self._bar is None:
            self._bar = tqdm(
                total=progress.total,
                initial=progress.position,
                file=self._stream,
                unit="B",
                unit_scale=True,
            )
            self._started, self._first = time.monotonic(), progress.done.lines
        seconds = time.monotonic() - self._started
        if seconds > 0:
            rate = (progress.done.lines - self._first) / seconds
            self._bar.set_postfix_str(f"{rate:,.0f} lines/s", refresh=False)
        self._bar.update(progress.position - self._bar.n)
