"""The folder in which the workers of one server keep their counts while it runs.

Each server makes a folder of its own, so that two of them, or one and its successor, never mix
counts. It stays locked for as long as any process of the server lives; what a killed server left
behind is therefore known by its open lock, and removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from app.config import ConfigError

PREFIX = "textclf-metrics-"
UNLOCKED = "textclf-unlocked-"

DEFAULTS = (Path("/dev/shm"), Path(os.environ.get("TMPDIR", "/tmp")))
"""In memory, where a write never waits for a disk, or else wherever temporary files go."""


@cache
def make_directory(base: Path | None, room: int) -> Path:
    """Make and lock this server's folder inside `base`, or inside one of DEFAULTS.

    Gunicorn reads its settings again at a reload, so the same arguments give the same folder.
    Raises ConfigError where none can be written or has `room` bytes free: a counter that outgrew
    a full memory disk would end its process by SIGBUS, at any later moment.
    """
    candidates = [base] if base else DEFAULTS
    reasons = []
    for candidate in candidates:
        try:
            remove_abandoned(candidate)
            return _make(candidate, room)
        except OSError as error:
            reasons.append(f"{candidate}: {error.strerror or error}")
    raise ConfigError(
        f"the metrics need a folder to write to with {room // 1024} KiB free"
        f" ({'; '.join(reasons)}): name one in TEXTCLF_METRICS_DIR"
    )


def remove_abandoned(base: Path) -> None:
    """Remove the folders of servers that ended without removing them."""
    for path in base.glob(f"{PREFIX}*"):
        try:
            os.close(_lock(path))
        except OSError:  # of a server that runs, or of another user
            continue
        shutil.rmtree(path, ignore_errors=True)


def _make(base: Path, room: int) -> Path:
    # It gets its name once it is locked: until then another server would take it for abandoned.
    path = Path(tempfile.mkdtemp(prefix=UNLOCKED, dir=base))
    try:
        with tempfile.TemporaryFile(dir=path) as file:
            os.posix_fallocate(file.fileno(), 0, room)
        _lock(path)
        return path.rename(base / path.name.replace(UNLOCKED, PREFIX))
    except OSError:
        path.rmdir()
        raise


def _lock(path: Path) -> int:
    """Lock a folder until its descriptor, or the last process that inherited it, is gone.

    Raises OSError for anything but a folder: to open a named pipe would wait for its other end.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
