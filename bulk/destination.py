"""A file that is written piece by piece and has its name only when complete, or a stream."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bulk.source import STANDARD
from bulk.workspace import Workspace
from model.errors import BulkError


class Destination:
    """Bytes written in order to `name`, `-` for standard output."""

    def __init__(self, name: str) -> None:
        """Open it; raises BulkError when that cannot be done or another run is writing there."""
        self.name = name
        with self._writable():
            path = Path(name)
            self.is_file = name != STANDARD and (path.is_file() or not path.exists())
            self.workspace = Workspace(path)
            self.is_begun = self.is_file and self.workspace.is_begun
            """Whether there is something of an interrupted run."""
            if self.is_file:
                self.workspace.make()
                # Not O_TRUNC: what is there may be what is gone on with.
                flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
                self._descriptor = os.open(self.workspace.content, flags, 0o666)
                self._lock()
            elif name == STANDARD:
                self._descriptor = os.dup(1)
            else:
                self._descriptor = os.open(path, os.O_WRONLY)

    def begin_at(self, size: int) -> None:
        """Keep the first `size` bytes of an interrupted run and go on behind them.

        Raises BulkError when there are fewer.
        """
        if not self.is_file:
            return
        found = os.fstat(self._descriptor).st_size
        if found < size:
            raise BulkError(
                f"{self.workspace.content} has {found} bytes where the interrupted run wrote"
                f" {size}: remove {self.workspace.folder} to begin again"
            )
        with self._writable():
            os.ftruncate(self._descriptor, size)
            os.lseek(self._descriptor, size, os.SEEK_SET)

    def write(self, content: bytes) -> None:
        """Write all of it; raises BulkError when that fails, BrokenPipeError to a closed pipe."""
        rest = memoryview(content)
        with self._writable():
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]

    def sync(self) -> None:
        """Wait until what was written is on the disk."""
        if self.is_file:
            with self._writable():
                os.fsync(self._descriptor)

    def finish(self) -> None:
        """Give the complete file its name, replacing what has it."""
        self.sync()
        if self.is_file:
            with self._writable():
                self.workspace.publish()

    def close(self) -> None:
        """End writing; what is not finished stays where it can be resumed, unless it is empty."""
        space = self.workspace
        is_empty = self.is_file and not os.fstat(self._descriptor).st_size
        if is_empty and space.content.exists() and not space.checkpoint.exists():
            space.remove()
        os.close(self._descriptor)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise BulkError(
                f"another run is writing {self.name}: wait for its end, or name another file"
            ) from None

    @contextmanager
    def _writable(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BulkError(
                f"{self.name} cannot be written ({reason}): name another file, or correct that"
            ) from None
