"""Labelled examples read from a table: JSON Lines, a JSON array, CSV, TSV or Parquet.

The labels are whatever the file holds: no module here knows any of their names.
"""

from __future__ import annotations

import gzip
import hashlib
import lzma
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model.errors import DatasetError, FormatError
from model.rows import ENDINGS, Row, read_rows

TEXT_FIELDS = (
    *("text", "sentence", "content", "body", "message", "review", "title", "tweet"),
    *("comment", "description", "document", "post", "question", "utterance", "sms", "v2"),
)
LABEL_FIELDS = (
    *("label", "labels", "category", "class", "target", "tag", "topic", "intent"),
    *("sentiment", "section", "language", "lang", "stars", "rating", "y", "v1"),
)
"""Names that fields of texts and labels usually have, the commonest first."""

LONGEST_LABEL = 256
"""Characters of a label; a longer one is a text that was taken for one."""

_LISTED = 3


@dataclass(frozen=True)
class Fields:
    """Which fields hold the text and the label of a row; one that is None goes by its name."""

    text: str | None = None
    label: str | None = None


BY_NAME = Fields()


@dataclass(frozen=True)
class Examples:
    """Texts and their labels, in file order, with the identity of the file they came from."""

    texts: list[str]
    labels: list[str]
    path: Path
    sha256: str
    notes: tuple[str, ...] = ()
    """Sentences on how the file was read, where that does not go without saying."""

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def counts(self) -> dict[str, int]:
        """Number of examples per label, in the labels' sorted order."""
        return dict(sorted(Counter(self.labels).items()))


def find_file(data_dir: Path, name: str) -> Path:
    """Return the dataset file `name` ("train", "test") of a folder, in any format.

    Raises DatasetError when the folder holds none or more than one, or cannot be looked into.
    """
    found = find_files(data_dir, name)
    if len(found) > 1:
        raise DatasetError(
            f"{data_dir} holds both {found[0].name} and {found[1].name}: remove all but one"
        )
    if not found:
        raise DatasetError(
            f"{data_dir} holds no {name}.jsonl, {name}.csv, .tsv, .json or .parquet (or .gz):"
            " run `make data`, or set DATA_DIR to the folder of your own files"
        )
    return found[0]


def find_files(data_dir: Path, name: str) -> list[Path]:
    """Return every dataset file `name` of a folder; raises DatasetError if it cannot be read."""
    candidates = [
        data_dir / f"{name}.{ending}{packed}" for ending in ENDINGS for packed in (".gz", "")
    ]
    found = []
    for candidate in candidates:
        try:
            if candidate.is_file():
                found.append(candidate)
        except OSError as error:
            raise _unreadable(candidate, error) from None
    return found


def read_examples(path: Path, fields: Fields = BY_NAME) -> Examples:
    """Read the labelled texts of a file, compressed or not.

    Labels that are numbers or booleans become strings. Raises DatasetError, naming file and line,
    for fields that are not there, are empty or of another type, labels that look alike or are too
    long, bad encoding, damaged data or a file without examples.
    """
    texts: list[str] = []
    labels: list[str] = []
    empty: dict[str, list[int]] = {"text": [], "label": []}
    converted = None
    chosen: tuple[str, str] | None = None
    for row in _rows(path):
        if chosen is None:
            chosen = _choose_fields(row.fields, fields, path)
        text, value = (_value(row, name, path) for name in chosen)
        if not isinstance(text, str):
            raise DatasetError(
                f"{path}, line {row.line}: the text is no string but {_kind(text)}: quote it, or"
                " set TEXT_FIELD to the field that holds the text"
            )
        label = _as_label(value, row.line, path)
        if not isinstance(value, str):
            converted = converted or f"labels are of the type {_kind(value)} and become strings"
        if not text.strip():
            empty["text"].append(row.line)
        if not label.strip():
            empty["label"].append(row.line)
        texts.append(text)
        labels.append(label)
    if chosen is None:
        raise DatasetError(
            f"{path} holds no examples: give a file with one object a line, or a table with rows"
            " below the line that names its columns"
        )
    _check_empty(empty, path)
    _check_labels(labels, path)
    notes = [] if chosen == ("text", "label") else [f"text is {chosen[0]!r}, label {chosen[1]!r}"]
    notes += [converted] if converted else []
    return Examples(texts, labels, path, _sha256(path), tuple(notes))


def read_training_examples(path: Path, fields: Fields = Fields()) -> Examples:
    """Read a file to train on: as `read_examples`, and it must hold at least two labels."""
    examples = read_examples(path, fields)
    if len(examples.counts) < 2:
        raise DatasetError(
            f"{path} holds the single label {examples.labels[0]!r}:"
            " a classifier needs examples of at least two labels"
        )
    return examples


def thinned(examples: Examples, count: int) -> Examples:
    """At most `count` of the examples, evenly spaced over the file."""
    kept = range(0, len(examples), max(1, -(-len(examples) // count)))
    return replace(
        examples,
        texts=[examples.texts[i] for i in kept],
        labels=[examples.labels[i] for i in kept],
    )


def check_labels(examples: Examples, known: list[str]) -> None:
    """Raise DatasetError when the examples carry a label that the classifier was not trained on."""
    unknown = sorted(set(examples.labels) - set(known))
    if unknown:
        raise DatasetError(
            f"{examples.path} has labels that the training data lacks:"
            f" {', '.join(map(repr, unknown))}; train on data that has them, or remove these lines"
        )


def _choose_fields(names: Iterable[str], fields: Fields, path: Path) -> tuple[str, str]:
    """The names of the fields of text and label, among those of the first row."""
    names = list(names)
    text = _choose(names, fields.text, TEXT_FIELDS, "TEXT_FIELD", path)
    label = _choose(names, fields.label, LABEL_FIELDS, "LABEL_FIELD", path)
    return text, label


def _choose(
    names: Sequence[str], given: str | None, usual: Sequence[str], setting: str, path: Path
) -> str:
    listed = ", ".join(map(repr, names)) or "none"
    if given is not None:
        if given not in names:
            raise DatasetError(
                f"{path} has no field {given!r}: set {setting} to one of its fields, {listed}"
            )
        return given
    by_name = {name.strip().lower(): name for name in reversed(names)}
    found = next((by_name[one] for one in usual if one in by_name), None)
    if found is None:
        raise DatasetError(
            f"{path} has no field {usual[0]!r} in its first row: set {setting} to one of its"
            f" fields, {listed}"
        )
    return found


def _value(row: Row, name: str, path: Path) -> Any:
    value = row.fields.get(name)
    if value is None:
        what = "is null" if name in row.fields else "is missing"
        raise DatasetError(
            f"{path}, line {row.line}: the field {name!r} {what}: give it a value or remove the"
            " line"
        )
    return value


def _as_label(value: Any, line: int, path: Path) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    raise DatasetError(
        f"{path}, line {line}: the label is {_kind(value)}: each text has one label, a string"
    )


def _kind(value: Any) -> str:
    kinds = {bool: "a boolean", int: "a number", float: "a number", list: "a list"}
    return kinds.get(type(value), "an object")


def _check_empty(empty: dict[str, list[int]], path: Path) -> None:
    remedies = {"text": "write one or remove the line", "label": "name one or remove the line"}
    for name, lines in empty.items():
        if lines:
            where = "line" if len(lines) == 1 else "lines"
            listed = ", ".join(map(str, lines[:_LISTED]))
            more = f" and {len(lines) - _LISTED} more" if len(lines) > _LISTED else ""
            raise DatasetError(
                f"{path}, {where} {listed}{more}: the {name} is empty: {remedies[name]}"
            )


def _check_labels(labels: list[str], path: Path) -> None:
    """Raise DatasetError for labels that are too long, or look alike.

    Alike are those that differ only in blanks, case or Unicode form.
    """
    seen: dict[str, str] = {}
    for label in sorted(set(labels)):
        if len(label) > LONGEST_LABEL:
            raise DatasetError(
                f"{path} has a label of {len(label)} characters, {label[:40]!r}...: set LABEL_FIELD"
                f" to the field of the labels, or shorten it to {LONGEST_LABEL}"
            )
        key = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
        other = seen.setdefault(key, label)
        if other != label:
            raise DatasetError(
                f"{path} has the labels {other!r} and {label!r}, which look alike: write them the"
                " same, or give them different names"
            )


def _rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file; every error of reading it is a DatasetError."""
    try:
        yield from read_rows(path)
    except FormatError as error:
        message = str(error)
        raise DatasetError(f"{path}{'' if message[0] in ', ' else ' '}{message}") from None
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise DatasetError(
            f"{path}: damaged compressed data ({error}): fetch or compress the file again"
        ) from None
    except UnicodeError as error:
        raise DatasetError(f"{path} cannot be decoded ({error}): save it as UTF-8") from None
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> DatasetError:
    return DatasetError(
        f"{path} cannot be read ({error.strerror or error}): give a file that is there and readable"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
