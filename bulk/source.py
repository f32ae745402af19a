"""The input of a run, cut into chunks of whole lines: a file or a stream, compressed or plain.

Where a chunk ends depends on where it begins and on nothing else, so that a run which goes on in
the middle cuts as one from the beginning would have.
"""

from __future__ import annotations

import gzip
import lzma
import os
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple, cast

import msgspec

from bulk.options import WHOLE, Shard
from model.errors import BulkError, FormatError
from model.formats import HEAD_BYTES, Format, as_lines, check_head, detect, unpacked

STANDARD = "-"
CHUNK_BYTES = 256 * 1024
MAX_LINE_BYTES = 64 * 1024 * 1024
LINE_END = b"\n"


class InputFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shows whether a file is still the one that a run began with."""

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

    def __init__(
        self,
        name: str,
        shard: Shard = WHOLE,
        form: Format | None = None,
        encoding: str | None = None,
    ) -> None:
        """Open `name`, `-` for standard input, as what it is or as the format that is given.

        Raises BulkError when it cannot be read.
        """
        self.name = name
        self._stack = ExitStack()
        self._raw = self._open(name)
        with _reading(name):
            self._file = unpacked(self._raw)
            self.zipped = self._file is not self._raw
            head = cast(BufferedReader, self._file).peek(HEAD_BYTES)[:HEAD_BYTES]
            check_head(head, encoding)
            self.format = form or detect(name, head)
            lines = as_lines(self._file, self.format, encoding)
        self._is_made = lines is not self._file
        self._file = lines
        self.identity = self._identity()
        """None of what cannot be read from its middle: a stream, or another format or encoding."""
        self._shard = shard
        if shard.count > 1 and not self.identity:
            raise BulkError(
                "--shard needs a file that can be read from its middle: lines in UTF-8, no stream"
            )
        self.start, self._end = self._range()
        self.total = self._total()
        """What the chunks' positions go up to; None of a stream."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

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
        with Source(self.name, form=self.format) as whole, _reading(self.name):
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
        if self._is_made or self.name == STANDARD or not path.is_file():
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
    except FormatError as error:
        raise BulkError(f"{_shown(name)} {error}") from None
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise _damaged(name, error) from None
    except OSError as error:
        # bzip2 has no error of its own.
        raise (_unreadable if error.errno else _damaged)(name, error) from None


def _damaged(name: str, error: Exception) -> BulkError:
    return BulkError(
        f"{_shown(name)} holds damaged compressed data ({error}): fetch or compress it again"
    )


def _shown(name: str) -> str:
    return "standard input" if name == STANDARD else name


def _unreadable(name: str, error: Exception) -> BulkError:
    reason = getattr(error, "strerror", None) or error
    return BulkError(f"{name} cannot be read ({reason}): give a file that is there and readable")
