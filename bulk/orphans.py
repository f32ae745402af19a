"""Worker processes that end with the process that started them, however that one ended.

A worker that holds a result which nobody reads any more waits for ever: joblib ends its workers
itself, but cannot when it is killed.
"""

from __future__ import annotations

import os
import time
from threading import Thread

_LOOK_SECONDS = 1.0


def end_with(parent: int) -> None:
    """From now on, end this process soon after the one that started it, `parent`, has ended."""
    Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)
