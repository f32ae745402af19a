"""How far a run is, on disk beside its result: what it was asked for and what is done.

The checkpoint is replaced in one step, after the bytes that it counts are on the disk, so it never
promises what is not there.
"""

from __future__ import annotations

import os

import msgspec

from bulk.options import Options, Shard
from bulk.source import CHUNK_BYTES, InputFile
from bulk.workspace import Workspace
from model.errors import BulkError


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is labelled and written, from the run's first line on."""

    offset: int
    """Of the (unpacked) input, up to which all lines are done."""
    lines: int = 0
    labelled: int = 0
    rejected: int = 0
    blank: int = 0
    output_bytes: int = 0
    reject_bytes: int = 0
    pairs: tuple[tuple[str, str, int], ...] = ()
    """Own label, prediction and how often they met."""


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must be the same for a run to be resumed; each field names itself in the refusal."""

    options: Options
    model: str
    """SHA-256 of the artifact's dump."""
    input: InputFile | None
    shard: Shard
    zipped: bool
    chunk_bytes: int = CHUNK_BYTES


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run's request and what of it is done."""

    request: Request
    done: Done


def write(workspace: Workspace, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint of a workspace in one step."""
    with workspace.new_checkpoint.open("wb") as file:
        file.write(msgspec.json.encode(checkpoint))
        file.flush()
        os.fsync(file.fileno())
    workspace.new_checkpoint.replace(workspace.checkpoint)


def read(workspace: Workspace) -> Checkpoint | None:
    """Return the checkpoint of a workspace, None without; raises BulkError if it is damaged."""
    path = workspace.checkpoint
    try:
        return msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BulkError(
            f"{path} is no checkpoint of a run ({error}): remove {workspace.folder} to begin again"
        ) from None


def check_same(checkpoint: Checkpoint, request: Request, workspace: Workspace) -> None:
    """Raise BulkError when the run of the checkpoint was asked for something else."""
    different = [
        name
        for name in Request.__struct_fields__
        if getattr(checkpoint.request, name) != getattr(request, name)
    ]
    if different:
        raise BulkError(
            f"the interrupted run had another {' and another '.join(different)}: give what it had,"
            f" or remove {workspace.folder} to begin again"
        )
