"""The folder beside a result in which the result is written until it is complete.

It is private: its name is made of the result's, it is only taken when it is new or marked as such a
folder, and nothing outside of it is opened for writing.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from model.errors import BulkError

_MARK = "UNFINISHED-RESULT"
_LONGEST_NAME = 200


class Workspace:
    """The folder for one result. Making the object touches no disk."""

    def __init__(self, result: Path) -> None:
        """`result` is where the result will be, which may be a symbolic link."""
        self.target = Path(os.path.realpath(result))
        name = self.target.name
        if len(os.fsencode(name)) > _LONGEST_NAME:
            name = hashlib.sha256(os.fsencode(name)).hexdigest()
        self.folder = self.target.with_name(f".{name}.unfinished")
        self.content = self.folder / "content"
        self.checkpoint = self.folder / "checkpoint.json"
        self._mark = self.folder / _MARK

    @property
    def is_begun(self) -> bool:
        """Whether an interrupted run left something of the result."""
        return self._mark.exists() and self.content.exists()

    def make(self) -> None:
        """Make the folder, or take up the one of an interrupted run.

        Raises OSError when it cannot be made, BulkError when the place is taken.
        """
        try:
            self.folder.mkdir()
        except FileExistsError:
            if not self.folder.is_dir() or (
                not self._mark.exists() and next(self.folder.iterdir(), None)
            ):
                raise BulkError(
                    f"{self.folder} is in the way, and no unfinished result: rename or remove it"
                ) from None
        self._mark.touch()

    def remove(self) -> None:
        """Remove the folder with what is left in it."""
        for path in (self.content, self.checkpoint, self.new_checkpoint, self._mark):
            path.unlink(missing_ok=True)
        self.folder.rmdir()

    @property
    def new_checkpoint(self) -> Path:
        """Where a checkpoint is written before it takes the place of the last."""
        return self.checkpoint.with_suffix(".new")

    def publish(self) -> None:
        """Give the complete content the result's name, with mode and owner of what it replaces.

        Raises OSError when that cannot be done.
        """
        try:
            replaced = self.target.stat()
        except FileNotFoundError:
            pass
        else:
            self.content.chmod(replaced.st_mode & 0o7777)
            self._keep_owner(replaced)
        self.content.replace(self.target)
        self.remove()

    def _keep_owner(self, replaced: os.stat_result) -> None:
        own = self.content.stat()
        if (own.st_uid, own.st_gid) == (replaced.st_uid, replaced.st_gid):
            return
        try:
            os.chown(self.content, replaced.st_uid, replaced.st_gid)
        except PermissionError:
            return  # only root may give files away
        self.content.chmod(replaced.st_mode & 0o7777)
