"""The input of a run, cut into chunks of whole lines: a file or a stream, gzipped or plain.

Where a chunk ends depends on where it begins and on nothing else, so that a run which goes on in
the middle cuts as one from the beginning would have.
"""

from __future__ import annotations

import gzip
import os
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import IO, NamedTuple, cast

import msgspec

from bulk.options import WHOLE, Format, Shard
from model.dataset import GZIP_MAGIC
from model.errors import BulkError

STANDARD = "-"
CHUNK_BYTES = 256 * 1024
MAX_LINE_BYTES = 64 * 1024 * 1024
LINE_END = b"\n"

_FORMATS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".txt": "text",
}


class InputFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What tells whether a file is still the one that a run began with."""

    size: int
    mtime_ns: int


class Chunk(NamedTuple):
    """Whole lines of the input."""

    data: bytes
    lines: int
    end: int
    """Offset in the (unpacked) input at which the next chunk begins."""
    position: int
    """How far this is in the input, of the source's `total`."""


class Source:
    """An open input, or the part of it that a shard is. To be used as a context manager."""

    def __init__(self, name: str, shard: Shard = WHOLE) -> None:
        """Open `name`, `-` for standard input; raises BulkError when that cannot be done."""
        self.name = name
        self._stack = ExitStack()
        self._raw = self._open(name)
        self.zipped = self._raw.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC)
        unpacked = gzip.GzipFile(fileobj=self._raw) if self.zipped else self._raw
        self._file = cast(IO[bytes], unpacked)
        self.identity = self._identity()
        """None of a stream, which cannot be read from its middle."""
        self._shard = shard
        if shard.count > 1 and not self.identity:
            raise BulkError("--shard needs a file that can be read from its middle: name one")
        self.start, self._end = self._range()
        self.total = self._total()
        """What the chunks' positions go up to; None of a stream."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def format(self) -> Format:
        """Tell the format: by the name's ending or else by the first character, `{` or not."""
        known = _FORMATS.get(Path(self.name.removesuffix(".gz")).suffix.lower())
        if known:
            return known
        with _reading(self.name):
            head = cast(BufferedReader, self._file).peek(4096)
        return "jsonl" if head.removeprefix(BOM_UTF8).lstrip()[:1] == b"{" else "text"

    def chunks(self, offset: int) -> Iterator[Chunk]:
        """Yield the chunks from an offset on, which must be `start` or the end of a chunk.

        Raises BulkError at a line that is too long, and where the input cannot be read on.
        """
        with _reading(self.name):
            if self.identity:
                self._file.seek(offset)
            while self._end is None or offset < self._end:
                chunk = self._chunk(offset)
                if not chunk.data:
                    break
                offset = chunk.end
                yield chunk

    def lines_before(self) -> int:
        """Count the lines before this shard; reads all that comes before it."""
        with Source(self.name) as whole, _reading(self.name):
            file, end = whole._file, self.start
            blocks = iter(lambda: file.read(min(CHUNK_BYTES, end - file.tell())), b"")
            return sum(block.count(LINE_END) for block in blocks)

    def _chunk(self, offset: int) -> Chunk:
        wanted = CHUNK_BYTES if self._end is None else min(CHUNK_BYTES, self._end - offset)
        data = self._file.read(wanted)
        if data and not data.endswith(LINE_END):
            rest = self._file.readline(MAX_LINE_BYTES)
            if len(rest) == MAX_LINE_BYTES and not rest.endswith(LINE_END):
                raise BulkError(
                    f"{self.name} has a line of over {MAX_LINE_BYTES >> 20} MiB at byte"
                    f" {offset + data.rfind(LINE_END) + 1}: is it one text a line?"
                )
            data += rest
        end = offset + len(data)
        if offset == 0:
            data = data.removeprefix(BOM_UTF8)
        lines = data.count(LINE_END) + (not data.endswith(LINE_END))
        position = self._raw.tell() if self.zipped and self._end is None else end - self.start
        return Chunk(data, lines, end, position)

    def _open(self, name: str) -> BufferedReader:
        try:
            # A stream is left open: closing it would wait for a read that may never end.
            closed = name != STANDARD and Path(name).is_file()
            descriptor = 0 if name == STANDARD else os.open(name, os.O_RDONLY)
            file = open(descriptor, "rb", closefd=closed)  # noqa: SIM115
            if closed:
                self._stack.enter_context(file)
        except (OSError, ValueError) as error:
            raise _unreadable(name, error) from None
        return file

    def _identity(self) -> InputFile | None:
        path = Path(self.name)
        if self.name == STANDARD or not path.is_file():
            return None
        found = path.stat()
        return InputFile(found.st_size, found.st_mtime_ns)

    def _range(self) -> tuple[int, int | None]:
        """Where this shard's first line begins, and the offset before which its last one does."""
        if not self.identity:
            return 0, None
        if self._shard == WHOLE:
            return 0, None if self.zipped else self.identity.size
        with _reading(self.name):
            size = self._unpacked_size() if self.zipped else self.identity.size
            begin, end = self._shard.bounds(size)
            if begin:
                self._file.seek(begin - 1)
                self._file.readline()
                begin = self._file.tell()
        return begin, end

    def _unpacked_size(self) -> int:
        while self._file.read(CHUNK_BYTES):
            pass
        return self._file.tell()

    def _total(self) -> int | None:
        if self._end is not None:
            return max(0, self._end - self.start)
        return self.identity.size if self.identity else None


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turn what reading may raise into a BulkError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BulkError(
            f"{name} holds damaged gzip data ({error}): fetch or compress it again"
        ) from None
    except OSError as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> BulkError:
    reason = getattr(error, "strerror", None) or error
    return BulkError(f"{name} cannot be read ({reason}): give a file that is there and readable")
