"""One line as a row: its text is read, and what is known of it is added, all else left as it is.

A JSON object is never decoded and encoded again: the new fields are put before its closing brace,
so every other field keeps its bytes, be it a number with too many digits for a float, an escape or
white space.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from bulk.options import LABEL, TEXT, Options
from model.jsonlines import reason
from model.text import is_blank

WHITE_SPACE = b" \t\r\n"

encode = msgspec.json.Encoder().encode


class BadLineError(Exception):
    """A line cannot be labelled; the message says why in a few words."""


class Row(NamedTuple):
    """A line that can be labelled."""

    text: str
    head: bytes
    """All of the result's line that comes before the new fields."""
    truth: str | None
    """The label that the row itself states, where it is to be compared."""


Reader = Callable[[bytes], Row]


def reader(options: Options) -> Reader:
    """Return the function that reads a line, raising BadLineError when it cannot be labelled."""
    parse = _text_row if options.format == "text" else _json_reader(options)

    def read(line: bytes) -> Row:
        row = parse(line)
        if is_blank(row.text):
            raise BadLineError("the text is blank: there is nothing to classify")
        return row

    return read


def is_blank_line(line: bytes) -> bool:
    """Return whether a line of JSON Lines holds nothing; such a line is no row."""
    return not line.removeprefix(BOM_UTF8).strip(WHITE_SPACE)


def spliced(head: bytes, added: Sequence[bytes]) -> bytes:
    """Return the line of a row: what it had, and the new members."""
    return b"%b,%b}\n" % (head, b",".join(added))


def _text_row(line: bytes) -> Row:
    text = _decoded(line.removeprefix(BOM_UTF8)).rstrip("\r\n")
    return Row(text, b'{"text":' + encode(text), None)


def _json_reader(options: Options) -> Reader:
    decode = msgspec.json.Decoder(_row_type(options)).decode
    added = options.added

    def parse(line: bytes) -> Row:
        line = line.removeprefix(BOM_UTF8).strip(WHITE_SPACE)
        try:
            found = decode(_decoded(line))
        except (RecursionError, msgspec.DecodeError) as error:
            raise BadLineError(
                f'{reason(error)}; each line must be an object {{"text": string}}'
            ) from None
        for index, name in enumerate(added):
            if getattr(found, f"added_{index}") is not msgspec.UNSET:
                raise BadLineError(_taken(name, options))
        return Row(found.text, line[:-1], found.truth or None)

    return parse


def _row_type(options: Options) -> Any:
    """The struct of an object: its text, and the fields that the result is to hold."""
    names = {"text": TEXT, **{f"added_{i}": name for i, name in enumerate(options.added)}}
    fields: list[Any] = [("text", str)]
    fields += [
        (name, msgspec.Raw | msgspec.UnsetType, msgspec.UNSET) for name in names if name != "text"
    ]
    if options.evaluate:
        names["truth"] = LABEL
        fields.append(("truth", str | None, None))
        return msgspec.defstruct("Row", fields, rename=names)
    return msgspec.defstruct("Row", fields, rename=names, namespace={"truth": None})


def _taken(name: str, options: Options) -> str:
    """Why a row that has a new field's name already is refused: its own would be lost."""
    if name != options.label_field:
        return f'it has a field "{name}" of its own: rename that, or do not ask for it'
    advice = "write the prediction to another by --label-field NAME"
    if name == LABEL:
        advice += ", or compare both by --evaluate"
    return f'it has a field "{name}" of its own: {advice}'


def _decoded(line: bytes) -> str:
    # msgspec does not look inside fields that it skips: decode first to see all bad UTF-8.
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadLineError(
            f"it is not UTF-8 ({error.reason}): if the file is Latin-1, add --encoding latin-1"
        ) from None
