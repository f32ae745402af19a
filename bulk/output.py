"""The results of a run: labelled lines, rejected lines, and the checkpoint to resume it by."""

from __future__ import annotations

import base64
import gzip
import math
import time
from collections import Counter
from contextlib import ExitStack, closing

import msgspec

from bulk import checkpoint
from bulk.checkpoint import Checkpoint, Done, Request
from bulk.destination import Destination
from bulk.labelling import Labelled, Reject
from bulk.source import Chunk
from model.errors import BulkError

CHECKPOINT_SECONDS = 2.0
_EMPTY_GZIP = gzip.compress(b"", mtime=0)


class Output:
    """What one run has written so far. To be used as a context manager, which records that."""

    def __init__(
        self, name: str, rejects: str | None, request: Request, start: int, *, resume: bool
    ) -> None:
        """Open what is written to, at its beginning or, to resume, where the checkpoint says.

        Raises BulkError when that cannot be done, when an interrupted run would be overwritten, or
        when the one to resume was asked for something else.
        """
        self._request = request
        with ExitStack() as stack:
            self._labelled = stack.enter_context(closing(Destination(name)))
            self._rejects = rejects and stack.enter_context(closing(Destination(rejects)))
            self.resumable = self._labelled.is_file and request.input is not None
            self.done = self._begin(start, resume)
            self._labelled.begin_at(self.done.output_bytes)
            if self._rejects:
                self._rejects.begin_at(self.done.reject_bytes)
            self._stack = stack.pop_all()
        self._pairs = Counter({(own, label): count for own, label, count in self.done.pairs})
        self._recorded = -math.inf

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        with self._stack:
            if self.resumable and self.done.lines:
                self._checkpoint()

    def add(self, chunk: Chunk, labelled: Labelled, lines_before: int) -> None:
        """Write what a chunk gave; rejected lines are numbered after `lines_before`."""
        numbered = (
            _rejected(lines_before + self.done.lines + one.place + 1, one)
            for one in labelled.rejects
        )
        rejects = b"".join(numbered)
        self._labelled.write(labelled.output)
        if self._rejects:
            self._rejects.write(rejects)
        self._pairs += labelled.pairs
        # One assignment, so that an interruption finds either all of the chunk done or nothing.
        self.done = Done(
            offset=chunk.end,
            lines=self.done.lines + chunk.lines,
            labelled=self.done.labelled + labelled.labelled,
            rejected=self.done.rejected + len(labelled.rejects),
            blank=self.done.blank + labelled.blank,
            output_bytes=self.done.output_bytes + len(labelled.output),
            reject_bytes=self.done.reject_bytes + len(rejects),
            pairs=tuple((*pair, count) for pair, count in self._pairs.items()),
        )
        if self.resumable and time.monotonic() - self._recorded > CHECKPOINT_SECONDS:
            self._checkpoint()

    def finish(self) -> None:
        """Give the files their names; call it when all chunks are added."""
        if self._request.zipped and not self.done.output_bytes:
            self._labelled.write(_EMPTY_GZIP)
        if self._rejects:
            self._rejects.finish()
        self._labelled.finish()
        self.resumable = False

    def _begin(self, start: int, resume: bool) -> Done:
        workspace = self._labelled.workspace
        found = checkpoint.read(workspace) if self._labelled.is_begun else None
        if resume and not self.resumable:
            raise BulkError("--resume needs files: a stream cannot be read or written from within")
        if found and not resume:
            raise BulkError(
                f"an interrupted run has labelled {found.done.lines:,} lines of this: add --resume"
                f" to go on with it, or remove {workspace.folder} to begin again"
            )
        if not found:
            return Done(start)
        checkpoint.check_same(found, self._request, workspace)
        if found.done.rejected and not self._rejects:
            raise BulkError("the interrupted run skipped bad lines: add --skip-bad-lines")
        return found.done

    def _checkpoint(self) -> None:
        self._labelled.sync()
        if self._rejects:
            self._rejects.sync()
        checkpoint.write(self._labelled.workspace, Checkpoint(self._request, self.done))
        self._recorded = time.monotonic()


def _rejected(number: int, reject: Reject) -> bytes:
    """A line of the reject file, from which the line itself can be had back byte for byte."""
    form: dict[str, object] = {"line": number, "reason": reject.reason}
    try:
        form["content"] = reject.line.decode("utf-8")
    except UnicodeDecodeError:
        form["base64"] = base64.b64encode(reject.line).decode("ascii")
    return msgspec.json.encode(form) + b"\n"
