"""The rows of a dataset file in any of its formats, each with the place where it stands.

The format follows from the name and the first bytes. Fields keep the types that they have in the
file: a table of text has strings alone, JSON and Parquet numbers, booleans and nulls too.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import msgspec

from model.errors import FormatError
from model.formats import HEAD_BYTES, MOST_BYTES, check_head, unpacked
from model.jsonlines import reason

TABLES = ("csv", "tsv")
ENDINGS = ("jsonl", "ndjson", "json", *TABLES, "parquet")
"""Of the files that can be read; all but Parquet may be compressed, with `.gz` behind."""

PARQUET_MAGIC = b"PAR1"
_DELIMITERS = ",;\t|"
# The marks of UTF-32 begin like those of UTF-16.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_decode_object = msgspec.json.Decoder(dict[str, Any]).decode
_EACH_LINE = 'each line must be an object {"text": string, "label": string}'


class Row(NamedTuple):
    """One example as it stands in the file."""

    line: int
    """Number of its line, or of the row in a Parquet file or JSON array, from 1."""
    fields: dict[str, Any]


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file.

    Raises FormatError, whose message goes on after the file's name, at what cannot be read; errors
    of the file system and of damaged compression come as they are.
    """
    with path.open("rb") as raw:
        file = cast(io.BufferedReader, unpacked(raw))
        head = file.peek(HEAD_BYTES)[:HEAD_BYTES]
        if head.startswith(PARQUET_MAGIC):
            yield from _parquet(raw)
            return
        encoding = next((codec for bom, codec in _BOMS if head.startswith(bom)), None)
        check_head(head, encoding)
        ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
        is_array = ending == "json" or head.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"["
        if encoding is None and ending not in TABLES and not is_array:
            yield from _objects(file)
            return
        with io.TextIOWrapper(file, encoding or "utf-8-sig", newline="") as text:
            if ending in TABLES:
                yield from _table(text, "\t" if ending == "tsv" else None)
            elif is_array:
                yield from _array(text)
            else:
                yield from _objects(map(str.encode, text))


def _objects(lines: Iterator[bytes] | IO[bytes]) -> Iterator[Row]:
    """The objects of JSON Lines; blank lines are none."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            # A file that was joined of several has a mark at the start of each. msgspec does not
            # look inside strings that it skips: decode first to see all bad UTF-8.
            text = line.removeprefix(codecs.BOM_UTF8).decode("utf-8")
            yield Row(number, _decode_object(text))
        except UnicodeDecodeError as error:
            raise FormatError(
                f", line {number}: it is not UTF-8 ({error.reason}): re-encode the file as UTF-8"
            ) from None
        except (msgspec.DecodeError, RecursionError) as error:
            raise FormatError(f", line {number}: {reason(error)}; {_EACH_LINE}") from None


def _array(text: io.TextIOWrapper) -> Iterator[Row]:
    """The objects of one JSON array."""
    content = text.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise FormatError(f" is over {MOST_BYTES >> 20} MiB: write it as JSON Lines")
    try:
        rows = msgspec.json.decode(content, type=list[dict[str, Any]])
    except (msgspec.DecodeError, RecursionError) as error:
        raise FormatError(
            f" is no JSON array of objects ({reason(error)}): correct it, or write one"
            " object a line"
        ) from None
    yield from (Row(number, fields) for number, fields in enumerate(rows, start=1))


def _table(text: io.TextIOWrapper, delimiter: str | None) -> Iterator[Row]:
    """The rows of a table whose first line names the columns (RFC 4180).

    A delimiter that is not given is the one that the first line has most of.
    """
    csv.field_size_limit(MOST_BYTES)
    try:
        header = text.readline()
        delimiter = delimiter or max(_DELIMITERS, key=header.count)
        names = next(csv.reader([header], delimiter=delimiter, strict=True), [])
        lines = csv.reader(text, delimiter=delimiter, strict=True)
        before = 1
        for values in lines:
            line, before = before + 1, lines.line_num + 1
            if not values:
                continue
            if len(values) != len(names):
                raise FormatError(
                    f", line {line}: the row has {len(values)} fields, the first line names"
                    f" {len(names)}: put fields that hold a {delimiter!r} or a line end in quotes"
                )
            yield Row(line, dict(zip(names, values, strict=True)))
    except UnicodeDecodeError as error:
        raise FormatError(
            f" is not UTF-8 ({error.reason}): save it as UTF-8, or as UTF-16 with its mark"
        ) from None
    except csv.Error as error:
        raise FormatError(f", line {before + 1}: {error}: correct the quotes there") from None


def _parquet(file: IO[bytes]) -> Iterator[Row]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise FormatError(
            " is a Parquet file, which needs pyarrow: run `.venv/bin/pip install pyarrow`, or"
            " export it as JSON Lines"
        ) from None
    try:
        number = 0
        for batch in ParquetFile(file).iter_batches():
            for fields in batch.to_pylist():
                number += 1
                yield Row(number, fields)
    except ArrowException as error:
        raise FormatError(f" is a damaged Parquet file ({error}): export it again") from None
