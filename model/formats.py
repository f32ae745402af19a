"""What a file is, whatever its name: how it is compressed, encoded and laid out.

Rows are read from lines of UTF-8. A few other forms are turned into JSON Lines on the way; what can
be neither is named, with what to do, before any of its bytes is taken for a text.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, Literal, cast

import msgspec

from model.errors import FormatError

Format = Literal["jsonl", "text", "csv", "tsv", "json", "mbox", "eml"]

HEAD_BYTES = 4096
MOST_BYTES = 512 * 1024 * 1024
"""Of a JSON array or a message, which are read whole."""

GZIP_MAGIC = b"\x1f\x8b"
_COMPRESSIONS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    GZIP_MAGIC: gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}

_FOREIGN = (
    (b"%PDF-", "a PDF document: extract its text first, for example by pdftotext"),
    (b"PK\x03\x04", "a zip archive or an Office document: unpack it, and give the file within"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd: unpack it by `unzstd` first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it, and give the file within"),
    (b"Rar!", "a RAR archive: unpack it, and give the file within"),
    (b"PAR1", "a Parquet file: export it as JSON Lines"),
    (b"SQLite format 3\0", "an SQLite database: export a table as JSON Lines"),
    (b"{\\rtf", "an RTF document: save it as plain text"),
    (b"\xd0\xcf\x11\xe0", "an old Office document: save it as plain text"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"\x80\x04\x95", "a Python pickle"),
)
# A stray null byte makes a bad line; of a share above this the file is no text.
_MOST_NULLS = 0.05
_MARKUP = re.compile(rb"<(?:!doctype html|html|head|body|\?xml)\b", re.IGNORECASE)
_BOMS = (  # the longer first, which begin like the shorter
    (BOM_UTF32_LE, "UTF-32 (little-endian)", "utf-32"),
    (BOM_UTF32_BE, "UTF-32 (big-endian)", "utf-32"),
    (BOM_UTF16_LE, "UTF-16 (little-endian)", "utf-16"),
    (BOM_UTF16_BE, "UTF-16 (big-endian)", "utf-16"),
)
_ENDINGS: dict[str, Format] = {
    **{"jsonl": "jsonl", "ndjson": "jsonl", "txt": "text", "csv": "csv", "tsv": "tsv"},
    **{"mbox": "mbox", "eml": "eml"},
}
_CSV_HEADER = re.compile(rb"[^\n]*\btext\b[^\n]*\n")


def unpacked(file: io.BufferedReader) -> IO[bytes]:
    """Return the content of a file that gzip, bzip2 or xz compressed; any other as it is."""
    head = file.peek(6)
    for magic, reader in _COMPRESSIONS.items():
        if head.startswith(magic):
            return cast(IO[bytes], reader(file))
    return file


def check_head(head: bytes, encoding: str | None) -> None:
    """Raise FormatError for what is no text, or in another encoding than was named or UTF-8."""
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise FormatError(f"is {what}")
    if head[257:262] == b"ustar":
        raise FormatError("is a tar archive: unpack it, and give the file within")
    if encoding is not None:
        return
    for bom, name, codec in _BOMS:
        if head.startswith(bom):
            raise FormatError(f"is encoded as {name}: add --encoding {codec}, or save it as UTF-8")
    if head.count(0) > _MOST_NULLS * len(head):
        raise FormatError(_with_nulls(head))


def _with_nulls(head: bytes) -> str:
    """Say what bytes are that text in UTF-8 does not have."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    third = sum(head[place::4].count(0) for place in (1, 2))
    if third > 0.9 * len(head) / 2:
        order = "le" if head[:1] != b"\0" else "be"
        return f"is encoded as UTF-32: add --encoding utf-32-{order}, or save it as UTF-8"
    if max(even, odd) > 4 * min(even, odd):
        order = "le" if odd > even else "be"
        return f"is encoded as UTF-16: add --encoding utf-16-{order}, or save it as UTF-8"
    return "holds null bytes, so it is no text: give a file of text or JSON lines"


def detect(name: str, head: bytes) -> Format:
    """Return the format of a file by its name and first bytes.

    Raises FormatError for one that must be asked for, since its lines are no texts.
    """
    endings = re.sub(r"\.(?:gz|bz2|xz)$", "", name.lower()).rpartition(".")[2]
    known = _ENDINGS.get(endings)
    start = head.removeprefix(BOM_UTF8).lstrip()
    if known in ("csv", "tsv"):
        raise FormatError(
            f"is {known.upper()} by its name: add --format {known} to read its column text"
        )
    if known and known != "text":
        return known
    if start[:1] == b"[" and re.match(rb"\[\s*(?:\{|\"|\])", start):
        raise FormatError(
            "is a JSON array: add --format json, or write one object a line (`jq -c '.[]'`)"
        )
    if known:
        return known
    if _MARKUP.match(start):
        raise FormatError("is HTML or XML: extract its text, or add --format text for its lines")
    if _is_table(start):
        raise FormatError(
            "looks like CSV: add --format csv (or tsv), or --format text for its lines"
        )
    return "jsonl" if start[:1] == b"{" else "text"


def _is_table(start: bytes) -> bool:
    """Return whether the first line names columns, of which one is `text`."""
    first = start.partition(b"\n")[0].decode(errors="replace")
    names = [name.strip().strip('"').lower() for name in re.split("[,;\t]", first)]
    return len(names) > 1 and "text" in names and all(re.fullmatch(r"[\w ]+", n) for n in names)


def as_lines(file: IO[bytes], form: Format, encoding: str | None) -> IO[bytes]:
    """Return lines of UTF-8, of JSON for any format but text, made of a file as it is read.

    Raises FormatError now for an encoding that is not known, and while it is read for content that
    is not of the format.
    """
    if encoding is None and form in ("jsonl", "text"):
        return file
    try:
        text = io.TextIOWrapper(file, encoding or "utf-8-sig", newline="")
    except LookupError:
        raise FormatError(f"cannot be read: --encoding {encoding} is not known") from None
    makers = {"csv": _table, "tsv": _table, "json": _array, "mbox": _messages, "eml": _message}
    if form in makers:
        rows = _delimited(text, "\t") if form == "tsv" else makers[form](text)
        lines: Iterable[bytes] = (msgspec.json.encode(row) + b"\n" for row in rows)
    else:
        pieces = iter(lambda: text.read(1 << 16), "")
        lines = (piece.encode("utf-8", "surrogatepass") for piece in pieces)
    return cast(IO[bytes], io.BufferedReader(_Made(_checked(lines, text))))


def _checked(lines: Iterable[bytes], text: io.TextIOWrapper) -> Iterator[bytes]:
    try:
        yield from lines
        # The file below is closed by who opened it.
        text.detach()
    except UnicodeError as error:
        raise FormatError(
            f"cannot be decoded ({getattr(error, 'reason', error)}): name the right --encoding"
        ) from None
    except csv.Error as error:
        raise FormatError(f"is no CSV that can be read ({error})") from None


def _table(text: io.TextIOWrapper) -> Iterator[dict[str, str]]:
    return _delimited(text, ",")


def _delimited(text: io.TextIOWrapper, delimiter: str) -> Iterator[dict[str, str]]:
    """The rows of a table whose first line names the columns (RFC 4180)."""
    csv.field_size_limit(MOST_BYTES)
    reader = csv.DictReader(text, delimiter=delimiter, strict=True)
    if "text" not in (reader.fieldnames or []):
        raise FormatError("has no column named text in its first line: name the columns there")
    for row in reader:
        if None in row or None in row.values():
            raise FormatError(
                f"has a row of another number of fields than the first at line {reader.line_num}"
            )
        yield row


def _array(text: io.TextIOWrapper) -> Iterator[object]:
    content = _whole(text)
    try:
        rows = msgspec.json.decode(content, type=list[msgspec.Raw])
    except msgspec.DecodeError as error:
        raise FormatError(f"is no JSON array ({error})") from None
    # No string of JSON holds a line end as it is.
    yield from (msgspec.Raw(bytes(row).replace(b"\r", b" ").replace(b"\n", b" ")) for row in rows)


def _messages(text: io.TextIOWrapper) -> Iterator[dict[str, str]]:
    """The messages of an mbox (RFC 4155), without the line that comes before each."""
    message: list[str] = []
    is_blank = True
    for line in text:
        if line.startswith("From ") and is_blank:
            if message:
                yield {"text": "".join(message)}
            message = []
        else:
            message.append(re.sub("^>(>*From )", r"\1", line))
        is_blank = not line.strip()
    if message:
        yield {"text": "".join(message)}


def _message(text: io.TextIOWrapper) -> Iterator[dict[str, str]]:
    yield {"text": _whole(text)}


def _whole(text: io.TextIOWrapper) -> str:
    content = text.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise FormatError(f"is over {MOST_BYTES >> 20} MiB: write it as JSON Lines")
    return content


class _Made(io.RawIOBase):
    """A file whose bytes come from an iterator."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        target = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        taken = self._rest[: len(target)]
        target[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)
