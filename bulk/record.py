"""How far a run is, on disk beside its result: what it was asked for and what is done.

The record is replaced in one step, after the bytes that it speaks of are on the disk, so it never
promises what is not there.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from bulk.options import Options, Shard
from bulk.source import CHUNK_BYTES, InputFile
from model.errors import BulkError


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is labelled and written, from the run's first line on."""

    offset: int
    """Of the (unpacked) input, up to which all lines are done."""
    lines: int = 0
    labelled: int = 0
    rejected: int = 0
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


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A run's request and what of it is done."""

    request: Request
    done: Done


def path_of(output: str) -> Path:
    """Where the record of a run with this output lies."""
    return Path(f"{output}.progress")


def write(path: Path, record: Record) -> None:
    """Replace the record of a path in one step."""
    new = path.with_name(f"{path.name}.new")
    with new.open("wb") as file:
        file.write(msgspec.json.encode(record))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def read(path: Path) -> Record | None:
    """Return the record of a path, None where there is none; raises BulkError if it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BulkError(
            f"{path} is no record of a run ({error}): remove it to begin anew"
        ) from None


def check_same(record: Record, request: Request, path: Path) -> None:
    """Raise BulkError when the recorded run was asked for something else."""
    different = [
        name
        for name in Request.__struct_fields__
        if getattr(record.request, name) != getattr(request, name)
    ]
    if different:
        raise BulkError(
            f"the interrupted run had another {' and another '.join(different)}: give what it had,"
            f" or remove {path} to begin anew"
        )
